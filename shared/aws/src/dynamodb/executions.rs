//! Store of executions, of their outputs and of their waiters.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, Timer, Timestamp};
use belfry_engine::ports::{
    Applied, Claimed, Creation, ExecutionFilter, ExecutionStore, Page, StoreError, StoredOutput,
};
use futures::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use super::{
    Result, Stores,
    capacity::Table,
    client::{Refused, Written},
    error::unavailable,
    expression::{Bounds, Range, Update, is, no_row, present},
    item::{Item, Key, PK},
    keys,
    notes::{BEGUN, begun_by},
    reads::Query,
    rows::{EXPIRES_AT, REVISION, decode},
    timers,
    transaction::{Transacted, Write},
};

/// Number of rows that are created at the same time.
const CONCURRENT_CREATIONS: usize = 16;
/// Time limit for the creation of many rows. API Gateway gives up a request after 30 s, and then nobody
/// hears of the rows that were created.
const CREATIONS_TAKE: Duration = Duration::from_secs(20);

#[async_trait]
impl ExecutionStore for Stores {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<Execution>> {
        let item = self.tables.get(Table::Executions, keys::execution(id, self.layout.buckets)).await?;
        item.as_ref().map(decode).transpose()
    }

    async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation> {
        let mark = self.mark_of(&row);
        let item = self.layout.item(row)?;
        match (guard, mark) {
            (None, None) => self.create_alone(item).await,
            (Some(guard), None) => self.create_with(item, &guard).await,
            (guard, Some(mark)) => self.create_marked(item, mark, guard.as_ref()).await,
        }
    }

    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Vec<Result<Creation>> {
        let until = Instant::now() + CREATIONS_TAKE;
        let mut creations: Vec<Result<Creation>> = rows.iter().map(|_| Err(no_time_left())).collect();
        for round in rounds(rows) {
            let create =
                |(place, row, guard)| async move { (place, self.create_by(until, row, guard).await) };
            let round = stream::iter(round.into_iter().map(create)).buffer_unordered(CONCURRENT_CREATIONS);
            for (place, creation) in round.collect::<Vec<(usize, Result<Creation>)>>().await {
                creations[place] = creation;
            }
        }
        creations
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed> {
        let mut found = self.execution(&request.execution_id).await?;
        loop {
            let Some(row) = found else { return Ok(Claimed::Missing) };
            let change = match request.judge(&row) {
                Err(refusal) => return Ok(Claimed::Refused(Box::new(row), refusal)),
                Ok(change) => change,
            };
            let started = change.row.clone();
            match self.apply(change).await? {
                Applied::Won => return Ok(Claimed::Started(Box::new(started))),
                // The SDK may have repeated this very claim.
                Applied::Lost(Some(now)) if request.is_mine(&now) => return Ok(Claimed::Started(now)),
                Applied::Lost(now) => found = now.map(|now| *now),
            }
        }
    }

    async fn apply(&self, mut change: Change) -> Result<Applied> {
        let update = self.layout.update(&mut change.row)?;
        let key = keys::execution(&change.row.id, self.layout.buckets);
        if let Some(guard) = &change.guard {
            return self.apply_with(key, update, change.expected, guard).await;
        }
        let written =
            self.tables.update(Table::Executions, key, update, is(&REVISION, change.expected)).await?;
        match written {
            Written::Done(_) => Ok(Applied::Won),
            Written::Refused(None) => Ok(Applied::Lost(None)),
            Written::Refused(Some(item)) => Ok(Applied::Lost(Some(Box::new(decode(&item)?)))),
        }
    }

    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.note_waiter(dependency, waiter).await
    }

    async fn waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>> {
        self.read_waiters(dependency).await
    }

    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.forget_waiter(dependency, waiter).await
    }

    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Result<()> {
        self.note_output(id, &output).await
    }

    async fn outputs(&self, id: &ExecutionId) -> Result<Vec<StoredOutput>> {
        self.read_outputs(id).await
    }

    async fn list(
        &self,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Execution>> {
        self.list_executions(filter, after, limit).await
    }

    async fn latest_generation(&self, first: &ExecutionId) -> Result<u32> {
        let prefix = keys::generations(first, self.layout.buckets);
        let range = Range::of(prefix.pk, Bounds::Prefix(prefix.sk.clone()));
        let rows = self.tables.query(Table::Executions, &Query::of(range).backwards().limit(1)).await?;
        let generation = |item: &Item| keys::parse_generation(&item.key().sk, &prefix.sk);
        Ok(rows.items.first().and_then(generation).unwrap_or(0))
    }

    /// Returns nothing: DynamoDB removes the rows by `expires_at`.
    async fn ended_before(&self, _before: Timestamp, _limit: usize) -> Result<Vec<Execution>> {
        Ok(Vec::new())
    }

    /// Does nothing: DynamoDB removes the rows by `expires_at`.
    async fn retain_from(&self, id: &ExecutionId, from: Option<Timestamp>) -> Result<()> {
        let expires_at = from.map(|from| self.layout.expires_at(from));
        let (key, update) =
            (keys::execution(id, self.layout.buckets), Update::default().put(&EXPIRES_AT, expires_at));
        self.tables.update(Table::Executions, key, update, present(&PK)).await.map(drop)
    }

    async fn remove_ended(&self, _ids: &[ExecutionId]) -> Result<()> {
        Ok(())
    }
}

impl Stores {
    /// Creates a row with its guard, unless it is too late to begin.
    async fn create_by(&self, until: Instant, row: Execution, guard: Timer) -> Result<Creation> {
        if Instant::now() >= until {
            return Err(no_time_left());
        }
        timeout_at(until, self.create(row, Some(guard))).await.unwrap_or_else(|_| Err(no_time_left()))
    }

    async fn create_alone(&self, item: Item) -> Result<Creation> {
        match self.tables.put(Table::Executions, item, Some(no_row())).await? {
            Written::Done(_) => Ok(Creation::Created),
            Written::Refused(existing) => exists(existing),
        }
    }

    /// Creates a row with a mark that its execution has been run again for this key. A mark that names
    /// a row which has expired is replaced.
    async fn create_marked(&self, item: Item, mark: Item, guard: Option<&Timer>) -> Result<Creation> {
        let mut test = no_row();
        loop {
            let mut writes = vec![
                Write::put(Table::Executions, item.clone()).provided(no_row()),
                Write::put(Table::Executions, mark.clone()).provided(test),
            ];
            writes.extend(guard.map(|guard| Write::put(Table::Timers, timers::encode(guard))));
            let mut reasons = match self.tables.transact(writes).await? {
                Transacted::Done => return Ok(Creation::Created),
                Transacted::Refused(reasons) => reasons.into_iter(),
            };
            if let Some(Refused(existing)) = reasons.next().flatten() {
                return exists(existing);
            }
            let marked = reasons.next().flatten().and_then(|Refused(mark)| mark);
            let begun = begun_by(&marked.ok_or_else(|| unavailable("a mark was removed during the call"))?)?;
            if let Some(row) = self.execution(&begun).await? {
                return Ok(Creation::Exists(Box::new(row)));
            }
            test = is(&BEGUN, begun.to_string());
        }
    }

    async fn apply_with(&self, key: Key, update: Update, expected: u64, guard: &Timer) -> Result<Applied> {
        let writes = vec![
            Write::update(Table::Executions, key, update).provided(is(&REVISION, expected)),
            Write::put(Table::Timers, timers::encode(guard)),
        ];
        Ok(match self.tables.transact(writes).await? {
            Transacted::Done => Applied::Won,
            Transacted::Refused(mut reasons) => {
                let found = reasons.swap_remove(0).and_then(|Refused(row)| row);
                Applied::Lost(found.as_ref().map(decode).transpose()?.map(Box::new))
            }
        })
    }

    async fn create_with(&self, item: Item, guard: &Timer) -> Result<Creation> {
        let writes = vec![
            Write::put(Table::Executions, item).provided(no_row()),
            Write::put(Table::Timers, timers::encode(guard)),
        ];
        match self.tables.transact(writes).await? {
            Transacted::Done => Ok(Creation::Created),
            Transacted::Refused(mut reasons) => exists(reasons.swap_remove(0).and_then(|Refused(row)| row)),
        }
    }
}

fn no_time_left() -> StoreError {
    unavailable(format!("not all rows could be written within {} s", CREATIONS_TAKE.as_secs()))
}

fn exists(existing: Option<Item>) -> Result<Creation> {
    let existing = existing.ok_or_else(|| unavailable("a row was removed during the call"))?;
    Ok(Creation::Exists(Box::new(decode(&existing)?)))
}

type Numbered = (usize, Execution, Timer);

/// Groups rows into rounds. If two rows have one id, the second is in a later round, so that the first
/// one wins.
fn rounds(rows: Vec<(Execution, Timer)>) -> Vec<Vec<Numbered>> {
    let mut seen = std::collections::HashMap::<ExecutionId, usize>::new();
    let mut rounds: Vec<Vec<Numbered>> = Vec::new();
    for (place, (row, guard)) in rows.into_iter().enumerate() {
        let number = seen.entry(row.id.clone()).or_insert(0);
        if rounds.len() == *number {
            rounds.push(Vec::new());
        }
        rounds[*number].push((place, row, guard));
        *number += 1;
    }
    rounds
}
