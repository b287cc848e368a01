//! The mirror against what the store really holds.

use belfry_domain::{Shards, Timestamp};
use belfry_engine::ports::{
    AlertKind, AlertStore as _, ExecutionFilter, ExecutionStore as _, Position, StoreError, TimerStore as _,
    key_of,
};
use belfry_sqlite::Store;
use futures::FutureExt as _;

use crate::mirror::Mirror;

const PAGE: usize = 500;

/// Whether the mirror shows what is there; otherwise what differs.
pub fn compare(mirror: &Mirror, store: &Store, shards: Shards) -> Result<(), String> {
    let differs = async {
        let differs = rows_differ(mirror, store).await?.or(timers_differ(mirror, store, shards).await?);
        Ok::<_, StoreError>(differs.or(alert_missing(mirror, store).await?))
    };
    // In memory, every call is answered at once.
    match differs.now_or_never() {
        Some(Ok(None)) => Ok(()),
        Some(Ok(Some(what))) => Err(format!("the store differs from what was written: {what}")),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the store kept us waiting".to_owned()),
    }
}

async fn rows_differ(mirror: &Mirror, store: &Store) -> Result<Option<String>, StoreError> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = store.list(&ExecutionFilter::default(), after.as_deref(), PAGE).await?;
        count += page.items.len();
        if let Some(row) = page.items.iter().find(|row| mirror.row(&row.id) != Some(row)) {
            return Ok(Some(format!("{} is {}", row.id, row.status)));
        }
        after = page.next;
        if after.is_none() {
            return Ok((count != mirror.rows.len())
                .then(|| format!("{count} executions, not {}", mirror.rows.len())));
        }
    }
}

/// Whoever dies between the letter and its alert leaves the guard, by which it is raised again.
/// Nobody tends the alerts here, so they stay.
async fn alert_missing(mirror: &Mirror, store: &Store) -> Result<Option<String>, StoreError> {
    for id in &mirror.dead_letters {
        let key = key_of(AlertKind::DeadLetter, Some(id.job_id().as_str()));
        if store.alert(&key).await?.is_none() {
            return Ok(Some(format!("the dead letter {id} has no alert")));
        }
    }
    Ok(None)
}

async fn timers_differ(mirror: &Mirror, store: &Store, shards: Shards) -> Result<Option<String>, StoreError> {
    let mut count = 0;
    for shard in shards.all() {
        let page = store.due(shard, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 100_000).await?;
        count += page.timers.len();
        if let Some(timer) = page.timers.iter().find(|timer| mirror.timers.get(&timer.key) != Some(timer)) {
            return Ok(Some(format!("timer {:?}", timer.key)));
        }
    }
    Ok((count != mirror.timers.len()).then(|| format!("{count} timers, not {}", mirror.timers.len())))
}
