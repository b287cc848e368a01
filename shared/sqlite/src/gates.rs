//! Store of gates, and of the lines before them.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, Gate, GateKey, Place, Timer};
use belfry_engine::ports::{Creation, GateStore, GateWrite, Passed, RowWrite};
use rusqlite::{Connection, OptionalExtension as _};

use crate::{
    Result, Store,
    error::{unavailable, unreadable},
    rows::{Encoded, create, find, replace},
    timers::put_all,
};

/// Row to be written with gates, encoded already.
enum Row {
    New(Encoded, Option<Timer>),
    Changed(u64, Encoded, Option<Timer>),
    Nothing,
}

#[async_trait]
impl GateStore for Store {
    async fn gates(&self, keys: &[GateKey]) -> Result<Vec<Gate>> {
        let keys = keys.to_vec();
        self.read(move |connection| keys.iter().map(|key| gate(connection, key)).collect()).await
    }

    async fn pass(&self, row: RowWrite, gates: Vec<GateWrite>) -> Result<Passed> {
        let row = match row {
            RowWrite::New(row, guard) => Row::New(Encoded::new(*row)?, guard),
            RowWrite::Changed(mut change) => {
                Row::Changed(change.expected, Encoded::without_fixed(&mut change.row)?, change.guard)
            }
            RowWrite::Nothing => Row::Nothing,
        };
        self.write(move |connection| pass(connection, &row, &gates)).await
    }

    async fn join_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        let (place, id) = (place.clone(), id.clone());
        self.write(move |connection| {
            let doc = serde_json::to_string(&place).map_err(unavailable)?;
            let sql = "INSERT OR REPLACE INTO lines (gate, place, execution_id, doc) VALUES (?1, ?2, ?3, ?4)";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let values = (place.gate.to_string(), place.sort_key(), id.as_str(), doc);
            statement.execute(values).map(drop).map_err(unavailable)
        })
        .await
    }

    async fn leave_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        let (place, id) = (place.clone(), id.clone());
        self.write(move |connection| {
            let sql = "DELETE FROM lines WHERE gate = ?1 AND place = ?2 AND execution_id = ?3";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let values = (place.gate.to_string(), place.sort_key(), id.as_str());
            statement.execute(values).map(drop).map_err(unavailable)
        })
        .await
    }

    async fn line(&self, gate: &GateKey, limit: usize) -> Result<Vec<(Place, ExecutionId)>> {
        let gate = gate.to_string();
        self.read(move |connection| {
            let sql =
                "SELECT doc, execution_id FROM lines WHERE gate = ?1 ORDER BY place, execution_id LIMIT ?2";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
            let rows = statement.query_map((&gate, limit as i64), read).map_err(unavailable)?;
            let texts: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            texts.into_iter().map(|(doc, id)| waiting(&gate, &doc, &id)).collect()
        })
        .await
    }
}

fn waiting(gate: &str, doc: &str, id: &str) -> Result<(Place, ExecutionId)> {
    let place = serde_json::from_str(doc).map_err(|why| unreadable(gate, why))?;
    Ok((place, id.parse().map_err(|why| unreadable(gate, why))?))
}

fn gate(connection: &Connection, key: &GateKey) -> Result<Gate> {
    let name = key.to_string();
    let mut statement =
        connection.prepare_cached("SELECT doc FROM gates WHERE gate = ?1").map_err(unavailable)?;
    let doc: Option<String> =
        statement.query_row([&name], |row| row.get(0)).optional().map_err(unavailable)?;
    doc.map_or(Ok(Gate::default()), |doc| serde_json::from_str(&doc).map_err(|why| unreadable(&name, why)))
}

/// Checks everything, then writes the row and the gates.
fn pass(connection: &Connection, row: &Row, gates: &[GateWrite]) -> Result<Passed> {
    for write in gates {
        if gate(connection, &write.key)?.revision != write.expected {
            return Ok(Passed::GateMoved);
        }
    }
    match row {
        Row::New(row, guard) => {
            if let Creation::Exists(existing) = create(connection, row, guard.as_slice())? {
                return Ok(Passed::RowMoved(Some(existing)));
            }
        }
        Row::Changed(expected, row, guard) => {
            if !replace(connection, *expected, row)? {
                return Ok(Passed::RowMoved(find(connection, &row.id)?.map(Box::new)));
            }
            put_all(connection, guard.as_slice())?;
        }
        Row::Nothing => {}
    }
    gates.iter().try_for_each(|write| save(connection, write))?;
    Ok(Passed::Done)
}

fn save(connection: &Connection, write: &GateWrite) -> Result<()> {
    let name = write.key.to_string();
    let Some(gate) = &write.gate else {
        let mut statement =
            connection.prepare_cached("DELETE FROM gates WHERE gate = ?1").map_err(unavailable)?;
        return statement.execute([name]).map(drop).map_err(unavailable);
    };
    let doc = serde_json::to_string(gate).map_err(unavailable)?;
    let sql = "INSERT OR REPLACE INTO gates (gate, revision, doc) VALUES (?1, ?2, ?3)";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    statement.execute((name, gate.revision, doc)).map(drop).map_err(unavailable)
}
