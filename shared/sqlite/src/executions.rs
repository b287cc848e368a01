//! Store of executions, their outputs and their waiters.

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, Timer, Timestamp};
use belfry_engine::ports::{
    Applied, Claimed, Creation, ExecutionFilter, ExecutionStore, Page, StoreError, StoredOutput,
};
use rusqlite::Connection;

use crate::{
    Result, Store,
    error::{unavailable, unreadable},
    rows::{Encoded, create, ended_before, find, generations, list, replace},
    timers::put_all,
};

#[async_trait]
impl ExecutionStore for Store {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<Execution>> {
        let id = id.clone();
        self.read(move |connection| find(connection, &id)).await
    }

    async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation> {
        let row = Encoded::new(row)?;
        self.write(move |connection| create(connection, &row, guard.as_slice())).await
    }

    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Vec<Result<Creation>> {
        let count = rows.len();
        let created = if rows.is_empty() { Ok(vec![]) } else { self.create_together(rows).await };
        created.unwrap_or_else(|error| vec![Err(error); count])
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed> {
        let request = request.clone();
        self.write(move |connection| {
            let Some(row) = find(connection, &request.execution_id)? else { return Ok(Claimed::Missing) };
            match request.judge(&row) {
                Err(refusal) => Ok(Claimed::Refused(Box::new(row), refusal)),
                Ok(mut change) => {
                    replace(connection, change.expected, &Encoded::without_fixed(&mut change.row)?)?;
                    put_all(connection, change.guard.as_slice())?;
                    Ok(Claimed::Started(Box::new(change.row)))
                }
            }
        })
        .await
    }

    async fn apply(&self, mut change: Change) -> Result<Applied> {
        let row = Encoded::without_fixed(&mut change.row)?;
        self.write(move |connection| {
            if replace(connection, change.expected, &row)? {
                put_all(connection, change.guard.as_slice())?;
                return Ok(Applied::Won);
            }
            Ok(Applied::Lost(find(connection, &row.id)?.map(Box::new)))
        })
        .await
    }

    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.change_waiters(
            "INSERT OR IGNORE INTO waiters (dependency, waiter) VALUES (?1, ?2)",
            dependency,
            waiter,
        )
        .await
    }

    async fn waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>> {
        let dependency = dependency.clone();
        self.read(move |connection| {
            let sql = "SELECT waiter FROM waiters WHERE dependency = ?1";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let rows = statement
                .query_map([dependency.as_str()], |row| row.get::<_, String>(0))
                .map_err(unavailable)?;
            let texts: Vec<String> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            texts.into_iter().map(|text| text.parse().map_err(|why| unreadable("a waiter", why))).collect()
        })
        .await
    }

    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.change_waiters("DELETE FROM waiters WHERE dependency = ?1 AND waiter = ?2", dependency, waiter)
            .await
    }

    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Result<()> {
        let id = id.clone();
        self.write(move |connection| {
            let doc = serde_json::to_string(&output).map_err(unavailable)?;
            let sql = "INSERT OR REPLACE INTO outputs (execution_id, attempt, doc) VALUES (?1, ?2, ?3)";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            statement.execute((id.as_str(), output.attempt, doc)).map(drop).map_err(unavailable)
        })
        .await
    }

    async fn outputs(&self, id: &ExecutionId) -> Result<Vec<StoredOutput>> {
        let id = id.clone();
        self.browse(move |connection| {
            let sql = "SELECT doc FROM outputs WHERE execution_id = ?1 ORDER BY attempt";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let rows =
                statement.query_map([id.as_str()], |row| row.get::<_, String>(0)).map_err(unavailable)?;
            let docs: Vec<String> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            docs.iter()
                .map(|doc| serde_json::from_str(doc).map_err(|why| unreadable(id.as_str(), why)))
                .collect()
        })
        .await
    }

    async fn list(
        &self,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Execution>> {
        let (filter, after) = (filter.clone(), after.map(str::to_owned));
        self.browse(move |connection| list(connection, &filter, after.as_deref(), limit)).await
    }

    async fn latest_generation(&self, first: &ExecutionId) -> Result<u32> {
        let first = first.clone();
        self.read(move |connection| {
            Ok(generations(connection, &first)?.iter().map(ExecutionId::generation).max().unwrap_or(0))
        })
        .await
    }

    async fn ended_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Execution>> {
        self.browse(move |connection| ended_before(connection, before, limit)).await
    }

    async fn retain_from(&self, id: &ExecutionId, from: Option<Timestamp>) -> Result<()> {
        let (id, from) = (id.clone(), from.unwrap_or(Timestamp::MAX));
        self.write(move |connection| {
            let sql = "UPDATE executions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NOT NULL";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            statement.execute((id.as_str(), from.0)).map(drop).map_err(unavailable)
        })
        .await
    }

    async fn remove_ended(&self, ids: &[ExecutionId]) -> Result<()> {
        let ids = ids.to_vec();
        self.write(move |connection| remove_all(connection, &ids).map_err(unavailable)).await
    }
}

impl Store {
    /// Creates rows in one transaction.
    ///
    /// # Errors
    /// Nothing was written.
    async fn create_together(&self, rows: Vec<(Execution, Timer)>) -> Result<Vec<Result<Creation>>> {
        // Encoded here: the writer's thread has enough to do.
        let encode = |(row, guard)| Ok((Encoded::new(row)?, guard));
        let rows: Vec<(Encoded, Timer)> = rows.into_iter().map(encode).collect::<Result<_>>()?;
        self.write(move |connection| {
            let create = |(row, guard): &(Encoded, Timer)| match create(
                connection,
                row,
                std::slice::from_ref(guard),
            ) {
                // It rolls back the transaction, and with it all the others.
                Err(error @ StoreError::Unavailable(_)) => Err(error),
                creation => Ok(creation),
            };
            rows.iter().map(create).collect()
        })
        .await
    }

    async fn change_waiters(
        &self,
        sql: &'static str,
        dependency: &ExecutionId,
        waiter: &ExecutionId,
    ) -> Result<()> {
        let (dependency, waiter) = (dependency.clone(), waiter.clone());
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            statement.execute((dependency.as_str(), waiter.as_str())).map(drop).map_err(unavailable)
        })
        .await
    }
}

fn remove_all(connection: &Connection, ids: &[ExecutionId]) -> rusqlite::Result<()> {
    // One that has not ended would not be here.
    let mut row =
        connection.prepare_cached("DELETE FROM executions WHERE id = ?1 AND ended_at IS NOT NULL")?;
    let mut outputs = connection.prepare_cached("DELETE FROM outputs WHERE execution_id = ?1")?;
    let mut waiters = connection.prepare_cached("DELETE FROM waiters WHERE dependency = ?1")?;
    // What it waited for in vain.
    let mut waits = connection.prepare_cached("DELETE FROM waiters WHERE waiter = ?1")?;
    for id in ids {
        if row.execute([id.as_str()])? > 0 {
            outputs.execute([id.as_str()])?;
            waiters.execute([id.as_str()])?;
            waits.execute([id.as_str()])?;
        }
    }
    Ok(())
}
