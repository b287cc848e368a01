//! Backfills.

use belfry_domain::{BackfillOrder, BackfillStatus, SlotRange, Status};
use belfry_engine::ports::Completion;
use serde_json::json;

use super::world::{Tried, World, attempts, good};
use crate::Backend;

pub(super) fn years(from: u32, to: u32) -> SlotRange {
    let new_year = |year| format!("{year}-01-01T00:00:00Z").parse().unwrap_or_else(|error| panic!("{error}"));
    SlotRange { from: new_year(from), to: new_year(to), order: BackfillOrder::OldestFirst }
}

pub(super) fn new_years(job: &str, years: impl IntoIterator<Item = u32>) -> Vec<String> {
    years.into_iter().map(|year| format!("{job}@{year}-01-01T00:00:00Z")).collect()
}

pub async fn a_backfill_goes_on_as_its_executions_end(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "past", "schedule": "@yearly" })]).await?;
    let backfill = world.backfill("past", years(2019, 2026), 2).await?;
    let first = world.start().await?;
    assert_eq!(attempts(&first), new_years("past", [2019, 2020]), "no more than two");
    for attempt in &first {
        world.end(attempt, Completion::succeeded(None)).await?;
    }
    assert_eq!(world.work(good).await?, new_years("past", 2021..2026));
    let row = world.engine.ports.backfills.backfill(&backfill).await?;
    assert_eq!(row.map(|row| (row.status, row.tally.succeeded)), Some((BackfillStatus::Finished, 7)));
    assert_eq!(world.row("past@2019-01-01T00:00:00Z").await?.backfill, Some(backfill));
    Ok(())
}

pub async fn a_backfill_is_paused_and_cancelled(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let retry = json!({ "base": "10m" });
    world.define([json!({ "job_id": "past", "schedule": "@yearly", "retry": retry })]).await?;
    let backfill = world.backfill("past", years(2019, 2026), 1).await?;
    world.engine.pause_backfill(&backfill).await?;
    assert_eq!(world.work(good).await?, new_years("past", [2019]), "what was sent for");
    world.tick().await?;
    world.engine.resume_backfill(&backfill).await?;
    assert_eq!(world.work(|_| Completion::failed("not now")).await?, new_years("past", [2020]));
    world.engine.cancel_backfill(&backfill, "enough").await?;
    world.tick().await?;
    assert_eq!(world.row("past@2020-01-01T00:00:00Z").await?.status, Status::Cancelled, "no other try");
    let row = world.engine.ports.backfills.backfill(&backfill).await?;
    assert!(row.is_some_and(|row| row.is_over() && row.tally.not_run == 1));
    Ok(())
}
