//! Store of timers, in the order in which they fire.

use std::collections::BTreeMap;

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp, What};
use belfry_engine::ports::{Position, TimerPage, TimerStore, UNKNOWN_TIMER};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Result, Stores,
    capacity::Table,
    expression::{Bounds, Range, Test, is, present},
    item::{Attribute, Item, Key, PK, SK},
    keys,
    reads::Query,
};

const VERSION: Attribute<u64> = Attribute::new("version");
const CHECKS: Attribute<u32> = Attribute::new("checks");
/// Number of timers that are written at the same time.
const CONCURRENT_PUTS: usize = 64;

/// Partition into which earlier versions moved timers that they could not read.
const ASIDE: &str = "q";

pub(crate) fn encode(timer: &Timer) -> Item {
    Item::from(keys::timer(&timer.key)).with(&VERSION, timer.version).with(&CHECKS, timer.checks)
}

fn decode(shard: u16, item: &Item) -> Option<Timer> {
    let key = keys::parse_timer(shard, &item.key().sk)?;
    Some(Timer { key, version: item.get(&VERSION)?, checks: item.get(&CHECKS)? })
}

/// Condition that the timer replaces none of a later version of the job.
pub(crate) fn not_newer(timer: &Timer) -> Test {
    use super::expression::{at_most, no_row};
    Test::Any(vec![no_row(), at_most(&VERSION, timer.version)])
}

#[async_trait]
impl TimerStore for Stores {
    async fn put_timers(&self, timers: Vec<Timer>) -> Result<()> {
        if let [timer] = &timers[..] {
            return self.put_timer(timer).await;
        }
        // Two of one key must not be written at once: the last word stands.
        let timers: BTreeMap<TimerKey, Timer> =
            timers.into_iter().map(|timer| (timer.key.clone(), timer)).collect();
        let (slots, others): (Vec<Timer>, Vec<Timer>) =
            timers.into_values().partition(|timer| matches!(timer.key.what, What::Slot { .. }));
        self.tables.put_all(Table::Timers, others.iter().map(encode).collect()).await?;
        let puts = stream::iter(slots).map(|timer| async move { self.put_timer(&timer).await });
        puts.buffer_unordered(CONCURRENT_PUTS).try_collect().await
    }

    async fn remove_timer(&self, key: &TimerKey) -> Result<()> {
        self.tables.delete(Table::Timers, keys::timer(key), None).await.map(drop)
    }

    async fn remove_unchanged(&self, timer: &Timer) -> Result<()> {
        let unchanged = is(&VERSION, timer.version);
        self.tables.delete(Table::Timers, keys::timer(&timer.key), Some(unchanged)).await.map(drop)
    }

    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage> {
        let low = match from {
            Position::After(instant) => keys::digits(Timestamp(instant.0.saturating_add(1))),
            Position::Behind(key) => keys::successor(&keys::timer(key).sk),
        };
        let between = Bounds::Between(low, keys::timers_until(until));
        let mut query = Query::of(Range::of(keys::shard_of_timers(shard), between)).limit(limit);
        let (mut page, mut read) = (TimerPage::default(), 0);
        loop {
            let rows = self.tables.query(Table::Timers, &query).await?;
            read += rows.items.len();
            sort_out(shard, &rows.items, &mut page);
            query.from = rows.next;
            page.is_full = query.from.is_some() && read >= limit;
            // A full page must have a timer that the next one can begin behind.
            let is_over = query.from.is_none() || (page.is_full && !page.timers.is_empty());
            if is_over {
                return Ok(page);
            }
            query.limit = Some(limit.saturating_sub(page.timers.len()).max(1));
        }
    }

    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>> {
        let items = self.tables.scan(Table::Timers, false, present(&PK)).await?;
        let mut counts = BTreeMap::new();
        for item in items {
            let Key { pk, sk } = item.key();
            let shard = pk.strip_prefix("t#").and_then(|shard| shard.parse().ok());
            let key = shard.and_then(|shard| keys::parse_timer(shard, &sk));
            if let Some(What::Slot { job_id, .. }) = key.map(|key| key.what) {
                *counts.entry(job_id).or_insert(0) += 1;
            }
        }
        Ok(counts.into_iter().collect())
    }

    async fn take_back(&self) -> Result<u64> {
        let aside = Query::of(Range::of(ASIDE, Bounds::All));
        let mut count = 0;
        for item in self.tables.query_all(Table::Timers, aside).await? {
            if let Some(timer) = set_aside(&item) {
                self.put_timer(&timer).await?;
                self.tables.delete(Table::Timers, item.key(), None).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Reads the whole shard that the job's slots are in.
    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>> {
        let shard = self.shards.of(id.as_str());
        let all = Query::of(Range::of(keys::shard_of_timers(shard), Bounds::All)).lagging();
        let items = self.tables.query_all(Table::Timers, all).await?;
        let timers = items.iter().filter_map(|item| decode(shard, item));
        let is_own = |timer: &Timer| matches!(&timer.key.what, What::Slot { job_id, .. } if job_id == id);
        Ok(timers.filter(is_own).collect())
    }
}

impl Stores {
    /// Writes one timer. Only slots have versions, and batches have no conditions, so timers of slots
    /// are written one by one.
    async fn put_timer(&self, timer: &Timer) -> Result<()> {
        let test = matches!(timer.key.what, What::Slot { .. }).then(|| not_newer(timer));
        self.tables.put(Table::Timers, encode(timer), test).await.map(drop)
    }
}

/// Timer that an older version has put aside: its sort key is the whole key that it had.
fn set_aside(item: &Item) -> Option<Timer> {
    let key = item.get(&SK)?;
    let (pk, sk) = key.split_once(' ')?;
    let shard = pk.strip_prefix("t#")?.parse().ok()?;
    decode(shard, &item.clone().with(&SK, sk.to_owned()))
}

fn sort_out(shard: u16, items: &[Item], page: &mut TimerPage) {
    for item in items {
        if let Some(timer) = decode(shard, item) {
            page.timers.push(timer);
        } else {
            let Key { pk, sk } = item.key();
            page.unknown.push((format!("timer {pk} {sk}"), UNKNOWN_TIMER.to_owned()));
        }
    }
}
