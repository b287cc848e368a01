//! The shadow, compared with what the store really holds.

use belfry_domain::{Shards, Timestamp};
use belfry_engine::ports::{AlertRow, ExecutionFilter, Position, Store, StoreError};
use futures::executor::block_on;

use crate::shadow::Shadow;

const PAGE: usize = 500;

/// Compares the shadow with the store; the error says what differs.
pub fn compare(shadow: &Shadow, store: &dyn Store, shards: Shards) -> Result<(), String> {
    let differs = async {
        let differs = rows_differ(shadow, store).await?.or(timers_differ(shadow, store, shards).await?);
        Ok::<_, StoreError>(differs.or(alerts_differ(shadow, store).await?))
    };
    match block_on(differs) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(format!("the store differs from what was written: {what}")),
        Err(error) => Err(error.to_string()),
    }
}

async fn rows_differ(shadow: &Shadow, store: &dyn Store) -> Result<Option<String>, StoreError> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = store.list(&ExecutionFilter::default(), after.as_deref(), PAGE).await?;
        count += page.items.len();
        if let Some(row) = page.items.iter().find(|row| shadow.row(&row.id) != Some(row)) {
            return Ok(Some(format!("{} is {}", row.id, row.status)));
        }
        after = page.next;
        if after.is_none() {
            return Ok((count != shadow.rows.len())
                .then(|| format!("{count} executions, not {}", shadow.rows.len())));
        }
    }
}

async fn alerts_differ(shadow: &Shadow, store: &dyn Store) -> Result<Option<String>, StoreError> {
    let rows = store.alerts().await?;
    let is_same = |row: &&AlertRow| shadow.alerts.get(&row.key) == Some(row);
    Ok((!rows.iter().all(|row| is_same(&row)) || rows.len() != shadow.alerts.len())
        .then(|| "alerts".to_owned()))
}

async fn timers_differ(
    shadow: &Shadow,
    store: &dyn Store,
    shards: Shards,
) -> Result<Option<String>, StoreError> {
    let mut count = 0;
    for shard in shards.all() {
        let page = store.due(shard, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 100_000).await?;
        count += page.timers.len();
        if let Some(timer) = page.timers.iter().find(|timer| shadow.timers.get(&timer.key) != Some(timer)) {
            return Ok(Some(format!("timer {:?}", timer.key)));
        }
    }
    Ok((count != shadow.timers.len()).then(|| format!("{count} timers, not {}", shadow.timers.len())))
}
