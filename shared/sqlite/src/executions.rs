//! Executions, their outputs, and who waits for them.

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, Timer, Timestamp};
use belfry_engine::ports::{
    Applied, Claimed, Creation, ExecutionFilter, ExecutionStore, Page, StoredOutput,
};
use rusqlite::{Connection, ToSql};

use crate::{
    Result, Store,
    error::{unavailable, unreadable},
    timers::put_all,
};

#[async_trait]
impl ExecutionStore for Store {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<Execution>> {
        let id = id.clone();
        self.read(move |connection| find(connection, &id)).await
    }

    async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation> {
        self.write(move |connection| create(connection, &row, guard.as_slice())).await
    }

    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Result<Vec<Creation>> {
        if rows.is_empty() {
            return Ok(vec![]);
        }
        let all = move |connection: &Connection| {
            rows.iter().map(|(row, guard)| create(connection, row, std::slice::from_ref(guard))).collect()
        };
        self.write(all).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed> {
        let request = request.clone();
        self.write(move |connection| {
            let Some(row) = find(connection, &request.execution_id)? else { return Ok(Claimed::Missing) };
            match request.judge(&row) {
                Err(refusal) => Ok(Claimed::Refused(Box::new(row), refusal)),
                Ok(change) => {
                    replace(connection, &change)?;
                    Ok(Claimed::Started(Box::new(change.row)))
                }
            }
        })
        .await
    }

    async fn apply(&self, change: Change) -> Result<Applied> {
        self.write(move |connection| {
            if replace(connection, &change)? {
                return Ok(Applied::Won);
            }
            Ok(Applied::Lost(find(connection, &change.row.id)?.map(Box::new)))
        })
        .await
    }

    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.change_waiters("INSERT OR IGNORE INTO waiters (dependency, waiter) VALUES (?1, ?2)", dependency, waiter).await
    }

    async fn waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>> {
        let dependency = dependency.clone();
        self.read(move |connection| {
            let sql = "SELECT waiter FROM waiters WHERE dependency = ?1";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let rows = statement.query_map([dependency.as_str()], |row| row.get::<_, String>(0)).map_err(unavailable)?;
            let texts: Vec<String> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            texts.into_iter().map(|text| text.parse().map_err(|why| unreadable("a waiter", why))).collect()
        })
        .await
    }

    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.change_waiters("DELETE FROM waiters WHERE dependency = ?1 AND waiter = ?2", dependency, waiter).await
    }

    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Result<()> {
        let id = id.clone();
        self.write(move |connection| {
            let doc = encode(&output)?;
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
            let rows = statement.query_map([id.as_str()], |row| row.get::<_, String>(0)).map_err(unavailable)?;
            let docs: Vec<String> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            docs.iter().map(|doc| serde_json::from_str(doc).map_err(|why| unreadable(id.as_str(), why))).collect()
        })
        .await
    }

    async fn list(&self, filter: &ExecutionFilter, after: Option<&str>, limit: usize) -> Result<Page<Execution>> {
        let (filter, after) = (filter.clone(), after.map(str::to_owned));
        self.browse(move |connection| list(connection, &filter, after.as_deref(), limit)).await
    }

    async fn latest_generation(&self, first: &ExecutionId) -> Result<u32> {
        let first = first.clone();
        self.read(move |connection| {
            // `~` sorts behind whatever a slot's name is made of.
            let sql = "SELECT id FROM executions WHERE id = ?1 OR (id > ?1 || '~' AND id < ?1 || '~:')";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let rows = statement.query_map([first.as_str()], |row| row.get::<_, String>(0)).map_err(unavailable)?;
            let ids: Vec<String> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            let generations = ids.iter().filter_map(|id| id.parse::<ExecutionId>().ok());
            Ok(generations.map(|id| id.generation()).max().unwrap_or(0))
        })
        .await
    }

    async fn remove_ended(&self, before: Timestamp, limit: usize) -> Result<usize> {
        self.write(move |connection| remove_ended(connection, before, limit).map_err(unavailable)).await
    }
}

impl Store {
    async fn change_waiters(&self, sql: &'static str, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        let (dependency, waiter) = (dependency.clone(), waiter.clone());
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            statement.execute((dependency.as_str(), waiter.as_str())).map(drop).map_err(unavailable)
        })
        .await
    }
}

fn encode(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(unavailable)
}

fn decode(id: &str, doc: &str) -> Result<Execution> {
    serde_json::from_str(doc).map_err(|why| unreadable(&format!("execution {id}"), why))
}

fn find(connection: &Connection, id: &ExecutionId) -> Result<Option<Execution>> {
    let mut statement =
        connection.prepare_cached("SELECT doc FROM executions WHERE id = ?1").map_err(unavailable)?;
    let mut rows = statement.query([id.as_str()]).map_err(unavailable)?;
    let Some(row) = rows.next().map_err(unavailable)? else { return Ok(None) };
    let doc = row.get_ref(0).map_err(unavailable)?.as_str().map_err(unavailable)?;
    decode(id.as_str(), doc).map(Some)
}

fn create(connection: &Connection, row: &Execution, guard: &[Timer]) -> Result<Creation> {
    let sql = "INSERT INTO executions (id, job_id, due, status, revision, ended_at, doc)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let job_id = row.job_id();
    let ended_at = row.end_time.map(|at| at.0);
    let values =
        (row.id.as_str(), job_id.as_str(), row.due.0, row.status.as_str(), row.revision, ended_at, encode(row)?);
    if statement.execute(values).map_err(unavailable)? == 0 {
        let existing = find(connection, &row.id)?.ok_or_else(|| unavailable("a row was there and was not"))?;
        return Ok(Creation::Exists(Box::new(existing)));
    }
    put_all(connection, guard)?;
    Ok(Creation::Created)
}

fn replace(connection: &Connection, change: &Change) -> Result<bool> {
    let sql = "UPDATE executions SET status = ?3, revision = ?4, ended_at = ?5, doc = ?6 WHERE id = ?1 AND revision = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let row = &change.row;
    let ended_at = row.end_time.map(|at| at.0);
    let values = (row.id.as_str(), change.expected, row.status.as_str(), row.revision, ended_at, encode(row)?);
    Ok(statement.execute(values).map_err(unavailable)? == 1)
}

/// Where the next page begins: the order's two columns, of the last row of this one.
fn list(connection: &Connection, filter: &ExecutionFilter, after: Option<&str>, limit: usize) -> Result<Page<Execution>> {
    let mut conditions = vec!["1".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    // As a literal: only so can SQLite use the index of those that did not succeed.
    conditions.extend(filter.status.map(|status| format!("status = '{status}'")));
    let mut add = |condition: &str, value: Box<dyn ToSql>| {
        conditions.push(condition.to_owned());
        values.push(value);
    };
    if let Some(job_id) = &filter.job_id {
        add("job_id = ?", Box::new(job_id.to_string()));
    }
    if let Some(run_id) = &filter.run_id {
        add("json_extract(doc, '$.run.id') = ?", Box::new(run_id.clone()));
    }
    if let Some(since) = filter.since {
        add("due >= ?", Box::new(since.0));
    }
    if let Some(until) = filter.until {
        add("due < ?", Box::new(until.0));
    }
    // A job's timeline goes by slot; a listing of everything by creation, which needs no index.
    let by_slot = filter.job_id.is_some();
    if let Some((due, seq)) = after.and_then(parse_cursor) {
        if by_slot {
            add("(due, seq) < (?, ?)", Box::new(due));
            values.push(Box::new(seq));
        } else {
            add("seq < ?", Box::new(seq));
        }
    }
    let order = if by_slot { "due DESC, seq DESC" } else { "seq DESC" };
    let sql = format!(
        "SELECT id, doc, due, seq FROM executions WHERE {} ORDER BY {order} LIMIT {}",
        conditions.join(" AND "),
        limit + 1
    );
    run_list(connection, &sql, &values, limit)
}

fn run_list(connection: &Connection, sql: &str, values: &[Box<dyn ToSql>], limit: usize) -> Result<Page<Execution>> {
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let parameters = rusqlite::params_from_iter(values);
    let mut rows = statement.query(parameters).map_err(unavailable)?;
    let mut page = Page { items: Vec::new(), next: None };
    let mut cursor = None;
    while let Some(row) = rows.next().map_err(unavailable)? {
        if page.items.len() == limit {
            page.next = cursor;
            break;
        }
        let text = |column| row.get_ref(column).and_then(|value| value.as_str().map_err(Into::into)).map_err(unavailable);
        page.items.push(decode(text(0)?, text(1)?)?);
        let (due, seq): (i64, i64) = (row.get(2).map_err(unavailable)?, row.get(3).map_err(unavailable)?);
        cursor = Some(format!("{due}.{seq}"));
    }
    Ok(page)
}

fn parse_cursor(text: &str) -> Option<(i64, i64)> {
    let (due, seq) = text.split_once('.')?;
    Some((due.parse().ok()?, seq.parse().ok()?))
}

fn remove_ended(connection: &Connection, before: Timestamp, limit: usize) -> rusqlite::Result<usize> {
    let sql = "SELECT id FROM executions WHERE ended_at < ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let ids: Vec<String> =
        statement.query_map((before.0, limit as i64), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        connection.prepare_cached("DELETE FROM outputs WHERE execution_id = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM waiters WHERE dependency = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM executions WHERE id = ?1")?.execute([id])?;
    }
    Ok(ids.len())
}
