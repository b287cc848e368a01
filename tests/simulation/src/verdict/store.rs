//! The mirror, compared with what the store really holds.

use belfry_domain::{Shards, Timestamp};
use belfry_engine::ports::{AlertRow, ExecutionFilter, Position, Store, StoreError};
use futures::executor::block_on;

use crate::mirror::Mirror;

const PAGE: usize = 500;

/// Compares the mirror with the store; the error says what differs.
pub fn compare(mirror: &Mirror, store: &dyn Store, shards: Shards) -> Result<(), String> {
    let differs = async {
        let differs = rows_differ(mirror, store).await?.or(timers_differ(mirror, store, shards).await?);
        Ok::<_, StoreError>(differs.or(alerts_differ(mirror, store).await?))
    };
    match block_on(differs) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(format!("the store differs from what was written: {what}")),
        Err(error) => Err(error.to_string()),
    }
}

async fn rows_differ(mirror: &Mirror, store: &dyn Store) -> Result<Option<String>, StoreError> {
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

async fn alerts_differ(mirror: &Mirror, store: &dyn Store) -> Result<Option<String>, StoreError> {
    let rows = store.alerts().await?;
    let is_same = |row: &&AlertRow| mirror.alerts.get(&row.key) == Some(row);
    Ok((!rows.iter().all(|row| is_same(&row)) || rows.len() != mirror.alerts.len())
        .then(|| "alerts".to_owned()))
}

async fn timers_differ(
    mirror: &Mirror,
    store: &dyn Store,
    shards: Shards,
) -> Result<Option<String>, StoreError> {
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
