//! Store of backfills, all in one partition of the table of executions, whose time to live removes old
//! rows.

use async_trait::async_trait;
use belfry_domain::{Backfill, BackfillId, JobId, Timer, Timestamp};
use belfry_engine::ports::{BackfillStore, Page};

use super::{
    Result, Stores,
    capacity::Table,
    client::Written,
    error::{unavailable, unreadable},
    expression::{Bounds, Range, Update, is, no_row},
    item::{Item, Key},
    reads::Query,
    rows::{DOC, EXPIRES_AT, REVISION},
    timers,
    transaction::{Transacted, Write},
};

/// Partition of backfills. No job has it, because the partitions of jobs contain a `#`.
const PARTITION: &str = "backfills";
/// Maximum number of rows that one call looks at in search of one job's rows.
const LOOKS: usize = 2_000;
const BATCH: usize = 100;

fn key(id: &BackfillId) -> Key {
    Key::new(PARTITION, id.as_str())
}

#[async_trait]
impl BackfillStore for Stores {
    async fn create_backfill(&self, row: Backfill, timer: Timer) -> Result<bool> {
        let item = Item::from(key(&row.id)).with(&DOC, doc(&row)?).with(&REVISION, row.revision);
        let writes = vec![
            Write::put(Table::Executions, item).provided(no_row()),
            Write::put(Table::Timers, timers::encode(&timer)),
        ];
        Ok(matches!(self.tables.transact(writes).await?, Transacted::Done))
    }

    async fn backfill(&self, id: &BackfillId) -> Result<Option<Backfill>> {
        self.tables.get(Table::Executions, key(id)).await?.as_ref().map(decode).transpose()
    }

    async fn change_backfill(&self, expected: u64, row: Backfill) -> Result<bool> {
        let expires_at = row.ended_at.map(|at| at.plus(self.layout.retention).second() + 1);
        let update = Update::default().set(&DOC, doc(&row)?).set(&REVISION, row.revision);
        let update = update.put(&EXPIRES_AT, expires_at);
        let unchanged = is(&REVISION, expected);
        match self.tables.update(Table::Executions, key(&row.id), update, unchanged).await? {
            Written::Done(_) => Ok(true),
            // The SDK may have repeated its own write.
            Written::Refused(now) => Ok(now.as_ref().map(decode).transpose()?.as_ref() == Some(&row)),
        }
    }

    async fn backfills(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Backfill>> {
        let mut query = Query::of(Range::of(PARTITION, Bounds::All)).backwards().lagging();
        query.from = after.map(|after| Item::from(Key::new(PARTITION, after)));
        let (mut page, mut looks) = (Page { items: Vec::new(), next: None }, 0);
        loop {
            query.limit = Some((limit - page.items.len()).min(BATCH));
            let rows = self.tables.query(Table::Executions, &query).await?;
            looks += rows.items.len();
            page.next = rows.items.last().filter(|_| rows.next.is_some()).map(|item| item.key().sk);
            let is_wanted = |row: &Backfill| job_id.is_none_or(|id| row.job_id == *id);
            page.items.extend(rows.items.iter().filter_map(readable).filter(is_wanted));
            query.from = rows.next;
            if query.from.is_none() || page.items.len() >= limit || looks >= LOOKS {
                return Ok(page);
            }
        }
    }

    /// Returns nothing: DynamoDB removes the rows by `expires_at`.
    async fn remove_ended_backfills(&self, _before: Timestamp) -> Result<usize> {
        Ok(0)
    }
}

fn doc(row: &Backfill) -> Result<String> {
    serde_json::to_string(row).map_err(unavailable)
}

fn decode(item: &Item) -> Result<Backfill> {
    serde_json::from_str(&item.need(&DOC)?).map_err(|why| unreadable(item.name(), why))
}

/// Row that can be read. A row that can't be read is logged, and does not hide the others.
fn readable(item: &Item) -> Option<Backfill> {
    decode(item)
        .inspect_err(|why| tracing::error!(row = item.name(), %why, "unreadable row left out of a list"))
        .ok()
}
