//! Store of gates, and of the lines before them. Each gate has one partition, with the gate's row
//! first.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, Gate, GateKey, Place};
use belfry_engine::ports::{Applied, Creation, ExecutionStore as _, GateStore, GateWrite, Passed, RowWrite};
use futures::future::try_join_all;

use super::{
    Result, Stores,
    capacity::Table,
    client::Refused,
    error::{unavailable, unreadable},
    expression::{Bounds, Range, is, no_row},
    item::{Item, Key, SK},
    keys,
    reads::Query,
    rows::{DOC, EXPIRES_AT, REVISION, decode},
    timers,
    transaction::{Transacted, Write},
};

/// Bounds of a line's sort keys, behind the gate's own row.
const LINE: (&str, &str) = ("0", ":");
/// Time after its last instant for which the row of a gate with a rate limit is kept. The row says
/// nothing after that instant; the day allows for differences between clocks.
const STALE_AFTER_SECONDS: i64 = 24 * 3600;

fn partition(gate: &GateKey) -> String {
    format!("g#{gate}")
}

fn gate_key(gate: &GateKey) -> Key {
    Key::alone(partition(gate))
}

fn place_key(place: &Place, id: &ExecutionId) -> Key {
    Key::new(partition(&place.gate), format!("{} {id}", place.sort_key()))
}

#[async_trait]
impl GateStore for Stores {
    async fn gates(&self, keys: &[GateKey]) -> Result<Vec<Gate>> {
        try_join_all(keys.iter().map(|key| self.gate(key))).await
    }

    async fn pass(&self, row: RowWrite, gates: Vec<GateWrite>) -> Result<Passed> {
        if gates.is_empty() {
            return self.pass_alone(row).await;
        }
        let guard = guard_write(&row);
        let row = self.row_write(row)?;
        let has_row = row.is_some();
        let writes = row.into_iter().map(Ok).chain(gates.iter().map(gate_write)).chain(guard.map(Ok));
        let writes = writes.collect::<Result<_>>()?;
        match self.tables.transact(writes).await? {
            Transacted::Done => Ok(Passed::Done),
            Transacted::Refused(mut reasons) => match reasons.swap_remove(0).filter(|_| has_row) {
                None => Ok(Passed::GateMoved),
                Some(Refused(None)) => Ok(Passed::RowMoved(None)),
                Some(Refused(Some(item))) => Ok(Passed::RowMoved(Some(Box::new(decode(&item)?)))),
            },
        }
    }

    async fn join_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        let doc = serde_json::to_string(place).map_err(unavailable)?;
        let item = Item::from(place_key(place, id)).with(&DOC, doc).with(&EXPIRES_AT, self.note_expires_at());
        self.tables.put(Table::Executions, item, None).await.map(drop)
    }

    async fn leave_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        self.tables.delete(Table::Executions, place_key(place, id), None).await.map(drop)
    }

    async fn line(&self, gate: &GateKey, limit: usize) -> Result<Vec<(Place, ExecutionId)>> {
        let bounds = Bounds::Between(LINE.0.to_owned(), LINE.1.to_owned());
        let query = Query::of(Range::of(partition(gate), bounds)).limit(limit);
        let rows = self.tables.query(Table::Executions, &query).await?;
        rows.items.iter().map(waiting).collect()
    }
}

fn waiting(item: &Item) -> Result<(Place, ExecutionId)> {
    let broken = |why: &dyn std::fmt::Display| unreadable(item.name(), why);
    let place = serde_json::from_str(&item.need(&DOC)?).map_err(|why| broken(&why))?;
    let sk = item.need(&SK)?;
    let id = sk.rsplit(' ').next().unwrap_or_default();
    Ok((place, id.parse().map_err(|why| broken(&why))?))
}

fn gate_write(write: &GateWrite) -> Result<Write> {
    let key = gate_key(&write.key);
    let unchanged = if write.expected == 0 { no_row() } else { is(&REVISION, write.expected) };
    let what = match &write.gate {
        None => Write::delete(Table::Executions, key),
        Some(gate) => {
            let expires_at = gate
                .next_start
                .filter(|_| Gate { revision: 0, next_start: None, ..gate.clone() } == Gate::default())
                .map(|next| next.second() + STALE_AFTER_SECONDS);
            let doc = serde_json::to_string(gate).map_err(unavailable)?;
            let item = Item::from(key).with(&DOC, doc).with(&REVISION, gate.revision);
            Write::put(Table::Executions, item.with_some(&EXPIRES_AT, expires_at))
        }
    };
    Ok(what.provided(unchanged))
}

fn guard_write(row: &RowWrite) -> Option<Write> {
    let guard = match row {
        RowWrite::New(_, guard) => guard.as_ref(),
        RowWrite::Changed(change) => change.guard.as_ref(),
        RowWrite::Nothing => None,
    };
    guard.map(|guard| Write::put(Table::Timers, timers::encode(guard)))
}

impl Stores {
    async fn gate(&self, key: &GateKey) -> Result<Gate> {
        let Some(item) = self.tables.get(Table::Executions, gate_key(key)).await? else {
            return Ok(Gate::default());
        };
        serde_json::from_str(&item.need(&DOC)?).map_err(|why| unreadable(item.name(), why))
    }

    /// Writes a row without gates. It is a write like any other, at half the price of a transaction.
    async fn pass_alone(&self, row: RowWrite) -> Result<Passed> {
        Ok(match row {
            RowWrite::Nothing => Passed::Done,
            RowWrite::New(row, guard) => match self.create(*row, guard).await? {
                Creation::Created => Passed::Done,
                Creation::Exists(row) => Passed::RowMoved(Some(row)),
            },
            RowWrite::Changed(change) => match self.apply(*change).await? {
                Applied::Won => Passed::Done,
                Applied::Lost(row) => Passed::RowMoved(row),
            },
        })
    }

    fn row_write(&self, row: RowWrite) -> Result<Option<Write>> {
        Ok(match row {
            RowWrite::Nothing => None,
            RowWrite::New(row, _) => {
                Some(Write::put(Table::Executions, self.layout.item(*row)?).provided(no_row()))
            }
            RowWrite::Changed(mut change) => {
                let key = keys::execution(&change.row.id, self.layout.buckets);
                let update = self.layout.update(&mut change.row)?;
                Some(Write::update(Table::Executions, key, update).provided(is(&REVISION, change.expected)))
            }
        })
    }
}
