//! Store of dead letters.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, SlotName};
use belfry_engine::ports::{DeadLetter, DeadLetterStore, Page};
use rusqlite::{Connection, OptionalExtension as _};

use crate::{
    Result, Store,
    error::{unavailable, unreadable},
};

/// Row of a dead letter: instant, execution id, and the letter as JSON.
type Row = (i64, String, String);

#[async_trait]
impl DeadLetterStore for Store {
    async fn add_dead_letter(&self, letter: DeadLetter) -> Result<bool> {
        self.write(move |connection| {
            let doc = serde_json::to_string(&letter).map_err(unavailable)?;
            let sql = "INSERT INTO dead_letters (execution_id, job_id, at, state, doc) VALUES (?1, ?2, ?3, 'open', ?4)
                       ON CONFLICT DO NOTHING";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let values = (letter.execution_id.as_str(), letter.job_id.as_str(), letter.at.0, doc);
            Ok(statement.execute(values).map_err(unavailable)? == 1)
        })
        .await
    }

    async fn dead_letter(&self, id: &ExecutionId) -> Result<Option<DeadLetter>> {
        let id = id.clone();
        self.read(move |connection| find(connection, &id)).await
    }

    async fn dead_letters(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>> {
        let job_id = job_id.map(ToString::to_string);
        let after = after.and_then(parse_cursor).unwrap_or((i64::MAX, String::new()));
        self.browse(move |connection| {
            let sql = "SELECT at, execution_id, doc FROM dead_letters
                       WHERE state = 'open' AND (?1 IS NULL OR job_id = ?1) AND (at, execution_id) < (?2, ?3)
                       ORDER BY at DESC, execution_id DESC LIMIT ?4";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let values = (job_id, after.0, &after.1, limit as i64 + 1);
            let rows = statement.query_map(values, |row| row.try_into()).map_err(unavailable)?;
            let mut rows: Vec<Row> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            let has_more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| has_more).map(|(at, id, _)| format!("{at}.{id}"));
            Ok(Page { items: rows.iter().filter_map(readable).collect(), next })
        })
        .await
    }

    async fn redriven_for(
        &self,
        key: &SlotName,
        job_id: Option<&JobId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        let (key, job_id) = (key.to_string(), job_id.map(ToString::to_string));
        self.browse(move |connection| {
            let sql = "SELECT at, execution_id, doc FROM dead_letters
                       WHERE state = 'redriven' AND doc ->> 'redriven_for' = ?1 AND (?2 IS NULL OR job_id = ?2)
                       ORDER BY at DESC, execution_id DESC LIMIT ?3";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let values = (key, job_id, limit as i64);
            let rows = statement.query_map(values, |row| row.try_into()).map_err(unavailable)?;
            let rows: Vec<Row> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            Ok(rows.iter().filter_map(readable).collect())
        })
        .await
    }

    async fn mark_redriven(
        &self,
        id: &ExecutionId,
        generation: &ExecutionId,
        key: Option<&SlotName>,
    ) -> Result<()> {
        let (id, redriven_as, redriven_for) = (id.clone(), Some(generation.clone()), key.cloned());
        self.write(move |connection| {
            let open = find(connection, &id)?.filter(|letter| letter.redriven_as.is_none());
            let Some(letter) = open else { return Ok(()) };
            let doc = serde_json::to_string(&DeadLetter { redriven_as, redriven_for, ..letter });
            let sql = "UPDATE dead_letters SET state = 'redriven', doc = ?2 WHERE execution_id = ?1";
            let values = (id.as_str(), doc.map_err(unavailable)?);
            connection.execute(sql, values).map(drop).map_err(unavailable)
        })
        .await
    }

    async fn discard(&self, id: &ExecutionId) -> Result<bool> {
        let id = id.clone();
        self.write(move |connection| {
            let sql = "UPDATE dead_letters SET state = 'discarded' WHERE execution_id = ?1 AND state <> 'discarded'";
            Ok(connection.execute(sql, [id.as_str()]).map_err(unavailable)? == 1)
        })
        .await
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.browse(|connection| {
            let sql = "SELECT count(*) FROM dead_letters WHERE state = 'open'";
            connection.query_row(sql, [], |row| row.get(0)).map_err(unavailable)
        })
        .await
    }
}

fn find(connection: &Connection, id: &ExecutionId) -> Result<Option<DeadLetter>> {
    let sql = "SELECT doc FROM dead_letters WHERE execution_id = ?1 AND state <> 'discarded'";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let doc: Option<String> =
        statement.query_row([id.as_str()], |row| row.get(0)).optional().map_err(unavailable)?;
    doc.map(|doc| decode(&doc)).transpose()
}

fn decode(doc: &str) -> Result<DeadLetter> {
    serde_json::from_str(doc).map_err(|why| unreadable("a dead letter", why))
}

/// Row that can be read. A row that can't be read is logged, and does not hide the others.
fn readable((_, id, doc): &Row) -> Option<DeadLetter> {
    decode(doc)
        .inspect_err(|why| tracing::error!(execution.id = id, %why, "unreadable row left out of a list"))
        .ok()
}

fn parse_cursor(text: &str) -> Option<(i64, String)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.to_owned()))
}
