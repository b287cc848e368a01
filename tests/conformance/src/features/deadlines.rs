//! Slots that were missed, and executions that come too late.

use belfry_domain::Status;
use belfry_engine::ports::Completion;
use serde_json::json;

use super::{
    NOTHING,
    backfills::{new_years, years},
    sorted,
    world::{Tried, World, attempts, good},
};
use crate::Backend;

const TOO_LATE: &str = "skipped: starting_deadline passed before the execution could start";

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

/// A dependency takes a minute. Its dependent may start up to 30 s, or up to two minutes after its slot.
pub async fn a_starting_deadline_counts_from_the_slot(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let slot = "2026-11-23T00:01:00Z";
    let dependent = |name: &str, deadline: &str| json!({ "job_id": name, "run_at": slot, "dependencies": ["first"], "starting_deadline": deadline });
    world
        .define([
            json!({ "job_id": "first", "run_at": slot }),
            dependent("strict", "30s"),
            dependent("patient", "2m"),
            // Without a slot of its own, it can be late from the end of its dependencies on.
            json!({ "job_id": "after", "dependencies": ["first"], "starting_deadline": "30s" }),
        ])
        .await?;
    world.advance(60);
    world.tick().await?;
    let first = world.start().await?;
    assert_eq!(attempts(&first), [format!("first@{slot}")]);
    world.advance(60);
    world.end(&first[0], Completion::succeeded(None)).await?;
    assert_eq!(sorted(world.work(good).await?), [format!("after@{slot}"), format!("patient@{slot}")]);
    let (status, reason) = world.stands(&format!("strict@{slot}")).await?;
    assert_eq!((&*status, &*reason), ("skipped", TOO_LATE));
    Ok(())
}

/// It is said as soon as it is sure, not when the dependency ends after hours.
pub async fn what_waits_beyond_its_deadline_is_skipped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let slot = "2026-11-23T00:01:00Z";
    world
        .define([
            json!({ "job_id": "long", "run_at": slot }),
            json!({ "job_id": "strict", "run_at": slot, "dependencies": ["long"], "starting_deadline": "5m", "dependency_timeout": "5m" }),
        ])
        .await?;
    world.advance(60);
    world.tick().await?;
    assert_eq!(attempts(&world.start().await?), [format!("long@{slot}")]);
    for _ in 0..29 {
        world.advance(10);
        world.tick().await?;
    }
    assert_eq!(world.row(&format!("strict@{slot}")).await?.status, Status::Waiting);
    for _ in 0..4 {
        world.advance(10);
        world.tick().await?;
    }
    let (status, reason) = world.stands(&format!("strict@{slot}")).await?;
    assert_eq!((&*status, &*reason), ("skipped", TOO_LATE));
    Ok(())
}

/// Its slots lie in the past, and it was asked for now.
pub async fn a_backfill_is_not_too_late(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "past", "schedule": "@yearly", "starting_deadline": "1m" })]).await?;
    world.backfill("past", years(2023, 2026), 3).await?;
    assert_eq!(world.work(good).await?, new_years("past", 2023..2026));
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
