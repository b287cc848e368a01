//! Registry of workers, as they report: one partition, which takes 1,000 reports a second.

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{RegisteredWorker, WorkerRegistry, WorkerReport};

use super::{
    Result, Stores,
    capacity::Table,
    client::Written,
    error::{unavailable, unreadable},
    expression::{Bounds, Range, Test, Update, above},
    item::{Attribute, Item, Key},
    reads::Query,
    rows::{DOC, EXPIRES_AT},
};

/// Partition of workers. No job and no note has it, because their partitions contain a `#`.
const WORKERS: &str = "workers";
const SEEN_AT: Attribute<Timestamp> = Attribute::new("seen_at");
/// Attribute: the instant of expiry, to the millisecond. The table removes items by [`EXPIRES_AT`],
/// some time later.
const EXPIRES_MS: Attribute<Timestamp> = Attribute::new("expires_ms");
/// Attribute: 1 where the worker is to drain.
const DRAINING: Attribute<u32> = Attribute::new("draining");

fn key(id: &str) -> Key {
    Key::new(WORKERS, id)
}

/// Condition that the worker has not expired.
fn is_there(now: Timestamp) -> Test {
    above(&EXPIRES_MS, now)
}

fn is_draining(item: &Item) -> bool {
    item.get(&DRAINING) == Some(1)
}

/// Seconds since the epoch, rounded up, so that nothing expires early.
fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1000) + 1
}

#[async_trait]
impl WorkerRegistry for Stores {
    async fn report_worker(&self, report: WorkerReport, expires_at: Timestamp) -> Result<bool> {
        let doc = serde_json::to_string(&report).map_err(unavailable)?;
        let update = Update::default()
            .set(&DOC, doc.clone())
            .set(&SEEN_AT, report.seen_at)
            .set(&EXPIRES_MS, expires_at)
            .set(&EXPIRES_AT, seconds(expires_at));
        let test = is_there(report.seen_at);
        match self.tables.update(Table::Executions, key(&report.id), update, test).await? {
            Written::Done(item) => Ok(is_draining(&item)),
            Written::Refused(_) => {
                let item = Item::from(key(&report.id))
                    .with(&DOC, doc)
                    .with(&SEEN_AT, report.seen_at)
                    .with(&EXPIRES_MS, expires_at)
                    .with(&EXPIRES_AT, seconds(expires_at));
                self.tables.put(Table::Executions, item, None).await.map(|_| false)
            }
        }
    }

    async fn touch_worker(
        &self,
        id: &str,
        seen_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<bool>> {
        let update = Update::default()
            .set(&SEEN_AT, seen_at)
            .set(&EXPIRES_MS, expires_at)
            .set(&EXPIRES_AT, seconds(expires_at));
        match self.tables.update(Table::Executions, key(id), update, is_there(seen_at)).await? {
            Written::Done(item) => Ok(Some(is_draining(&item))),
            Written::Refused(_) => Ok(None),
        }
    }

    async fn workers(&self, now: Timestamp) -> Result<Vec<RegisteredWorker>> {
        let all = Query::of(Range::of(WORKERS, Bounds::All));
        let items = self.tables.query_all(Table::Executions, all).await?;
        let is_there = |item: &&Item| item.get(&EXPIRES_MS).is_some_and(|at| at > now);
        items.iter().filter(is_there).map(worker).collect()
    }

    async fn drain_worker(&self, id: &str, is_draining: bool, now: Timestamp) -> Result<bool> {
        let update = Update::default().set(&DRAINING, u32::from(is_draining));
        Ok(self.tables.update(Table::Executions, key(id), update, is_there(now)).await?.is_done())
    }

    async fn forget_worker(&self, id: &str) -> Result<()> {
        self.tables.delete(Table::Executions, key(id), None).await.map(drop)
    }
}

fn worker(item: &Item) -> Result<RegisteredWorker> {
    let report: WorkerReport =
        serde_json::from_str(&item.need(&DOC)?).map_err(|why| unreadable(item.name(), why))?;
    let seen_at = item.need(&SEEN_AT)?;
    Ok(RegisteredWorker { report: WorkerReport { seen_at, ..report }, is_draining: is_draining(item) })
}
