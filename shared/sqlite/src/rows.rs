//! Rows of the table of executions.

use belfry_domain::{Execution, ExecutionId, SlotName, Timer, Timestamp, Work};
use belfry_engine::ports::{Creation, ExecutionFilter, Page};
use rusqlite::{Connection, Row, ToSql};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Result,
    error::{unavailable, unreadable},
    timers::put_all,
};

/// Number of bytes after which no further rows are read, for rows that are read together in order to be
/// removed.
const MANY_BYTES: usize = 32 << 20;

/// Part of a row that is written once, with the row: it may be large, and never changes.
#[derive(Serialize, Deserialize)]
struct Fixed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work: Option<Box<Work>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
}

/// Execution that is encoded for a write.
pub(crate) struct Encoded {
    pub(crate) id: ExecutionId,
    due: i64,
    status: &'static str,
    revision: u64,
    ended_at: Option<i64>,
    doc: String,
    fixed: Option<String>,
    /// Execution that this one runs again, and the key for which it does.
    rerun: Option<(ExecutionId, SlotName)>,
}

impl Encoded {
    /// Encodes a row that is to be created.
    pub(crate) fn new(mut row: Execution) -> Result<Self> {
        let fixed = Fixed { work: row.work.take(), input: row.input.take() };
        let is_empty = fixed.work.is_none() && fixed.input.is_none();
        let text = if is_empty { None } else { Some(serde_json::to_string(&fixed).map_err(unavailable)?) };
        Ok(Self { fixed: text, ..Self::encode(&row)? })
    }

    /// Encodes a row that exists, without its fixed part, which stays.
    pub(crate) fn without_fixed(row: &mut Execution) -> Result<Self> {
        let fixed = (row.work.take(), row.input.take());
        let encoded = Self::encode(row);
        (row.work, row.input) = fixed;
        encoded
    }

    fn encode(row: &Execution) -> Result<Self> {
        Ok(Self {
            id: row.id.clone(),
            due: row.due.0,
            status: row.status.as_str(),
            revision: row.revision,
            ended_at: row.end_time.map(|at| at.0),
            doc: serde_json::to_string(row).map_err(unavailable)?,
            fixed: None,
            rerun: row.rerun_of.clone().zip(row.rerun_key.clone()),
        })
    }
}

/// Decodes a row. `column` is the document's; the fixed part is in the next column.
fn decode(id: &str, row: &Row<'_>, column: usize) -> Result<Execution> {
    let what = || format!("execution {id}");
    let text = |column| {
        row.get_ref(column)
            .and_then(|value| Ok(value.as_str_or_null()?))
            .map_err(|why| unreadable(&what(), why))
    };
    let broken = |why: serde_json::Error| unreadable(&what(), why);
    let mut execution: Execution = serde_json::from_str(text(column)?.unwrap_or_default()).map_err(broken)?;
    if let Some(fixed) = text(column + 1)? {
        let fixed: Fixed = serde_json::from_str(fixed).map_err(broken)?;
        (execution.work, execution.input) = (fixed.work, fixed.input);
    }
    Ok(execution)
}

pub(crate) fn find(connection: &Connection, id: &ExecutionId) -> Result<Option<Execution>> {
    let mut statement =
        connection.prepare_cached("SELECT doc, fixed FROM executions WHERE id = ?1").map_err(unavailable)?;
    let mut rows = statement.query([id.as_str()]).map_err(unavailable)?;
    let Some(row) = rows.next().map_err(unavailable)? else { return Ok(None) };
    decode(id.as_str(), row, 0).map(Some)
}

pub(crate) fn create(connection: &Connection, row: &Encoded, guard: &[Timer]) -> Result<Creation> {
    if let Some((old, key)) = &row.rerun
        && let Some(begun) = run_again_for(connection, old, key)?
    {
        return Ok(Creation::Exists(Box::new(begun)));
    }
    let sql = "INSERT INTO executions (id, job_id, due, status, revision, ended_at, doc, fixed)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let job_id = row.id.job_id();
    let id = row.id.as_str();
    let values = (id, job_id.as_str(), row.due, row.status, row.revision, row.ended_at, &row.doc, &row.fixed);
    if statement.execute(values).map_err(unavailable)? == 0 {
        let existing =
            find(connection, &row.id)?.ok_or_else(|| unavailable("a row was removed during the call"))?;
        return Ok(Creation::Exists(Box::new(existing)));
    }
    put_all(connection, guard)?;
    Ok(Creation::Created)
}

fn run_again_for(connection: &Connection, old: &ExecutionId, key: &SlotName) -> Result<Option<Execution>> {
    for id in generations(connection, &old.with_generation(1))? {
        let row = find(connection, &id)?;
        let is_it =
            |row: &Execution| row.rerun_of.as_ref() == Some(old) && row.rerun_key.as_ref() == Some(key);
        if row.as_ref().is_some_and(is_it) {
            return Ok(row);
        }
    }
    Ok(None)
}

/// Executions of this job and slot, in all generations.
pub(crate) fn generations(connection: &Connection, first: &ExecutionId) -> Result<Vec<ExecutionId>> {
    // `~` sorts behind whatever a slot's name is made of.
    let sql = "SELECT id FROM executions WHERE id = ?1 OR (id > ?1 || '~' AND id < ?1 || '~:')";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let rows = statement.query_map([first.as_str()], |row| row.get::<_, String>(0)).map_err(unavailable)?;
    let ids: Vec<String> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
    let parsed = ids.iter().filter_map(|id| id.parse::<ExecutionId>().ok());
    // The elements of its generations are among them.
    Ok(parsed.filter(|id| id.with_generation(1) == *first).collect())
}

/// Replaces a row if it has the revision `expected`. Returns whether it had.
pub(crate) fn replace(connection: &Connection, expected: u64, row: &Encoded) -> Result<bool> {
    let sql = "UPDATE executions SET status = ?3, revision = ?4, ended_at = ?5, doc = ?6 WHERE id = ?1 AND revision = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let values = (row.id.as_str(), expected, row.status, row.revision, row.ended_at, &row.doc);
    Ok(statement.execute(values).map_err(unavailable)? == 1)
}

/// Rows that ended before an instant. A row that can't be read stays where it is.
pub(crate) fn ended_before(
    connection: &Connection,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<Execution>> {
    let sql = "SELECT id, doc, fixed FROM executions WHERE ended_at < ?1 ORDER BY seq";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let mut rows = statement.query([before.0]).map_err(unavailable)?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(row) =
        rows.next().map_err(unavailable)?.filter(|_| found.len() < limit && bytes < MANY_BYTES)
    {
        let id: String = row.get(0).map_err(unavailable)?;
        for column in [1, 2] {
            bytes += row
                .get_ref(column)
                .map_err(unavailable)?
                .as_bytes_or_null()
                .ok()
                .flatten()
                .map_or(0, <[u8]>::len);
        }
        match decode(&id, row, 1) {
            Ok(execution) => found.push(execution),
            Err(why) => tracing::error!(execution.id = id, %why, "cannot remove an execution"),
        }
    }
    Ok(found)
}

/// Lists executions. The cursor consists of the two columns of the order, from the last row of the
/// page.
pub(crate) fn list(
    connection: &Connection,
    filter: &ExecutionFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Execution>> {
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
    if let Some(among) = &filter.among {
        let names = serde_json::to_string(among).map_err(unavailable)?;
        add("job_id IN (SELECT value FROM json_each(?))", Box::new(names));
    }
    if let Some(run_id) = &filter.run_id {
        let run = "CASE WHEN json_valid(doc) THEN json_extract(doc, '$.run.id') END = ?";
        add(run, Box::new(run_id.clone()));
    }
    if let Some(since) = filter.since {
        add("due >= ?", Box::new(since.0));
    }
    if let Some(until) = filter.until {
        add("due < ?", Box::new(until.0));
    }
    // The timeline of a job, or of some, goes by slot; a listing of everything by creation, which
    // needs no index.
    let by_slot = filter.job_id.is_some() || filter.among.is_some();
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
        "SELECT id, doc, fixed, due, seq FROM executions WHERE {} ORDER BY {order} LIMIT {}",
        conditions.join(" AND "),
        limit + 1
    );
    run_list(connection, &sql, &values, limit)
}

fn run_list(
    connection: &Connection,
    sql: &str,
    values: &[Box<dyn ToSql>],
    limit: usize,
) -> Result<Page<Execution>> {
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let parameters = rusqlite::params_from_iter(values);
    let mut rows = statement.query(parameters).map_err(unavailable)?;
    let mut page = Page { items: Vec::new(), next: None };
    let (mut cursor, mut seen) = (None, 0);
    while let Some(row) = rows.next().map_err(unavailable)? {
        if seen == limit {
            page.next = cursor;
            break;
        }
        seen += 1;
        let id: String = row.get(0).map_err(unavailable)?;
        // One that can't be read must not hide the others.
        match decode(&id, row, 1) {
            Ok(execution) => page.items.push(execution),
            Err(why) => tracing::error!(execution.id = id, %why, "unreadable row left out of a list"),
        }
        let (due, seq): (i64, i64) = (row.get(3).map_err(unavailable)?, row.get(4).map_err(unavailable)?);
        cursor = Some(format!("{due}.{seq}"));
    }
    Ok(page)
}

fn parse_cursor(text: &str) -> Option<(i64, i64)> {
    let (due, seq) = text.split_once('.')?;
    Some((due.parse().ok()?, seq.parse().ok()?))
}
