//! Notes beside an execution's row: its waiters, the output of its attempts, and the keys for which it
//! was run again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use belfry_domain::{Execution, ExecutionId};
use belfry_engine::ports::StoredOutput;

use super::{
    Result, Stores,
    capacity::Table,
    error::{unavailable, unreadable},
    expression::{Bounds, Range},
    item::{Attribute, Item, Key, SK},
    reads::Query,
    rows::{DOC, EXPIRES_AT},
};

/// Time beyond the retention for which notes stay: longer than any wait or retry.
const BEYOND_RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// Attribute of a mark: the generation that was begun for its key.
pub(crate) const BEGUN: Attribute<String> = Attribute::new("begun");

fn waiters_of(dependency: &ExecutionId) -> String {
    format!("w#{dependency}")
}

fn outputs_of(id: &ExecutionId) -> String {
    format!("o#{id}")
}

/// Generation that a mark names.
pub(crate) fn begun_by(mark: &Item) -> Result<ExecutionId> {
    mark.need(&BEGUN)?.parse().map_err(|why| unreadable(mark.name(), why))
}

impl Stores {
    /// Mark for a row that runs another execution again for a key.
    pub(crate) fn mark_of(&self, row: &Execution) -> Option<Item> {
        let (old, key) = (row.rerun_of.as_ref()?, row.rerun_key.as_ref()?);
        let item = Item::from(Key::new(format!("r#{old}"), key.as_str()));
        Some(item.with(&BEGUN, row.id.to_string()).with(&EXPIRES_AT, self.note_expires_at()))
    }

    pub(crate) async fn note_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        let item = Item::from(Key::new(waiters_of(dependency), waiter.as_str()));
        let item = item.with(&EXPIRES_AT, self.note_expires_at());
        self.tables.put(Table::Executions, item, None).await.map(drop)
    }

    pub(crate) async fn read_waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>> {
        let all = Query::of(Range::of(waiters_of(dependency), Bounds::All));
        let items = self.tables.query_all(Table::Executions, all).await?;
        let decode = |item: &Item| item.need(&SK)?.parse().map_err(|why| unreadable(item.name(), why));
        items.iter().map(decode).collect()
    }

    pub(crate) async fn forget_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        let key = Key::new(waiters_of(dependency), waiter.as_str());
        self.tables.delete(Table::Executions, key, None).await.map(drop)
    }

    pub(crate) async fn note_output(&self, id: &ExecutionId, output: &StoredOutput) -> Result<()> {
        let doc = serde_json::to_string(output).map_err(unavailable)?;
        let item = Item::from(Key::new(outputs_of(id), format!("{:010}", output.attempt)));
        let item = item.with(&DOC, doc).with(&EXPIRES_AT, self.note_expires_at());
        self.tables.put(Table::Executions, item, None).await.map(drop)
    }

    pub(crate) async fn read_outputs(&self, id: &ExecutionId) -> Result<Vec<StoredOutput>> {
        let all = Query::of(Range::of(outputs_of(id), Bounds::All));
        let items = self.tables.query_all(Table::Executions, all).await?;
        let decode =
            |item: &Item| serde_json::from_str(&item.need(&DOC)?).map_err(|why| unreadable(item.name(), why));
        items.iter().map(decode).collect()
    }

    /// Instant at which a note expires, in seconds since the epoch. It allows for the execution's end,
    /// which is not known yet.
    pub(crate) fn note_expires_at(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (now + self.layout.retention + BEYOND_RETENTION).as_secs().cast_signed()
    }
}
