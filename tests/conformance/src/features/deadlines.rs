//! Slots that were missed, and executions that come too late.

use belfry_domain::Status;
use belfry_engine::ports::Completion;
use serde_json::json;

use super::{
    NOTHING,
    world::{Tried, World, good},
};
use crate::Backend;

pub async fn each_misfire_policy_makes_up_for_what_it_says(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = |name: &str, cap: u32| json!({ "job_id": name, "schedule": "@hourly", "misfire": name, "misfire_cap": cap });
    world.define([job("skip", 1), job("latest", 1), job("all", 2)]).await?;
    world.advance(4 * 3600 + 600);
    world.tick().await?;
    let mut ran = world.work(good).await?;
    ran.sort_unstable();
    let expected = ["all@2026-11-23T03:00:00Z", "all@2026-11-23T04:00:00Z", "latest@2026-11-23T04:00:00Z"];
    assert_eq!(ran, expected);
    Ok(())
}

pub async fn what_has_not_started_by_its_deadline_is_skipped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "late", "max_concurrency": 1, "starting_deadline": "30s" })]).await?;
    for name in ["a", "b"] {
        world.trigger("late", name, NOTHING).await?;
    }
    world.start().await?;
    for _ in 0..45 {
        world.pass(1).await?;
        world.start().await?;
    }
    assert_eq!(world.row("late@b").await?.status, Status::Skipped);
    Ok(())
}

pub async fn a_missed_deadline_is_an_alert_until_it_has_ended(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world
        .define([json!({ "job_id": "due", "run_at": "2026-11-23T00:01:00Z", "must_finish_by": "30s" })])
        .await?;
    world.advance(60);
    world.tick().await?;
    let running = world.start().await?;
    world.pass(29).await?;
    assert_eq!(world.alerts().await?, [""; 0]);
    world.pass(3).await?;
    assert_eq!(world.alerts().await?, ["missed_deadline/due@2026-11-23T00:01:00Z"]);
    world.end(&running[0], Completion::succeeded(None)).await?;
    world.tick().await?;
    assert_eq!(world.alerts().await?, [""; 0]);
    Ok(())
}
