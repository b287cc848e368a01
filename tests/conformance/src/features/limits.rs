//! Limits: how many executions run at once, and how often they start.

use belfry_domain::{BackfillStatus, Status};
use belfry_engine::ports::Completion;
use serde_json::{Value, json};

use super::{
    NOTHING,
    backfills::{new_years, years},
    world::{Tried, World, attempts, bad, good},
};
use crate::{Backend, fixtures::id};

pub async fn one_waits_while_as_many_run_as_may(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "one", "max_concurrency": 1 })]).await?;
    for name in ["a", "b"] {
        world.trigger("one", name, NOTHING).await?;
    }
    let running = world.start().await?;
    assert_eq!(attempts(&running), ["one@a"]);
    let waits = ("waiting".to_owned(), "waiting for a permit: max_concurrency is reached".to_owned());
    assert_eq!(world.stands("one@b").await?, waits);
    world.end(&running[0], Completion::succeeded(None)).await?;
    assert_eq!(attempts(&world.start().await?), ["one@b"]);
    Ok(())
}

pub async fn keys_take_turns(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = json!({ "job_id": "keyed", "max_concurrency": 1, "concurrency_key": "input.customer" });
    world.define([job]).await?;
    for name in ["a1", "a2", "a3", "a4", "b1"] {
        world.trigger("keyed", name, json!({ "customer": &name[..1] })).await?;
    }
    let order = world.work(good).await?;
    assert_eq!(order, ["keyed@a1", "keyed@a2", "keyed@b1", "keyed@a3", "keyed@a4"]);
    Ok(())
}

/// A key that had many executions in the line has its turn like any other when it comes again.
pub async fn a_line_goes_by_turns_whatever_was_before(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = json!({ "job_id": "keyed", "max_concurrency": 1, "concurrency_key": "input.customer" });
    world.define([job]).await?;
    let trigger = async |name: &str| world.trigger("keyed", name, json!({ "customer": &name[..1] })).await;
    for name in ["a1", "a2", "a3", "a4"] {
        trigger(name).await?;
    }
    world.work(good).await?;
    for name in ["x1", "b1", "b2", "b3"] {
        trigger(name).await?;
    }
    world.advance(1);
    trigger("a5").await?;
    let order = world.work(good).await?;
    assert_eq!(order, ["keyed@x1", "keyed@b1", "keyed@a5", "keyed@b2", "keyed@b3"]);
    Ok(())
}

pub async fn a_slot_that_is_forbidden_is_skipped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "alone", "schedule": "* * * * *", "concurrency": "forbid" })]).await?;
    for _ in 0..2 {
        world.advance(60);
        world.tick().await?;
        world.start().await?;
    }
    assert_eq!(world.row("alone@2026-11-23T00:01:00Z").await?.status, Status::Running);
    let (status, reason) = world.stands("alone@2026-11-23T00:02:00Z").await?;
    assert_eq!(
        (&*status, &*reason),
        (
            "skipped",
            "skipped: unfinished executions hold 1 of 1 permits of max_concurrency (concurrency: forbid)"
        )
    );
    Ok(())
}

pub async fn what_is_asked_for_waits_where_others_are_skipped_or_replaced(backend: &Backend) -> Tried {
    let world = World::over(backend);
    for policy in ["forbid", "replace"] {
        world.define([json!({ "job_id": policy, "schedule": "@yearly", "concurrency": policy })]).await?;
        world.trigger(policy, "first", NOTHING).await?;
        let first = world.start().await?;
        let backfill = world.backfill(policy, years(2023, 2026), 3).await?;
        assert_eq!(attempts(&world.start().await?), [""; 0], "{policy}");
        world.end(&first[0], Completion::succeeded(None)).await?;
        assert_eq!(world.work(bad).await?, new_years(policy, 2023..2026), "{policy}");
        world.tick().await?;
        let over =
            world.engine.ports.backfills.backfill(&backfill).await?.map(|row| (row.status, row.tally.failed));
        assert_eq!(over, Some((BackfillStatus::Finished, 3)));
        for name in new_years(policy, 2023..2026) {
            world.engine.retry_by_hand(&id(&name), None).await?;
        }
        let again: Vec<String> =
            new_years(policy, 2023..2026).iter().map(|name| format!("{name}~2")).collect();
        assert_eq!(world.work(good).await?, again, "{policy}");
    }
    Ok(())
}

pub async fn the_newest_replaces_what_runs(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "newest", "concurrency": "replace" })]).await?;
    world.trigger("newest", "a", NOTHING).await?;
    let first = world.start().await?;
    world.trigger("newest", "b", NOTHING).await?;
    assert_eq!(attempts(&world.start().await?), [""; 0], "not before the first has stopped");
    assert!(world.row("newest@a").await?.cancel_requested);
    world.end(&first[0], Completion::failed("it was stopped")).await?;
    assert_eq!(
        world.stands("newest@a").await?,
        ("cancelled".to_owned(), "replaced by newest@b (concurrency: replace)".to_owned())
    );
    assert_eq!(attempts(&world.start().await?), ["newest@b"]);
    Ok(())
}

pub async fn changed_limits_reach_what_waits(backend: &Backend) -> Tried {
    let world = World::over(backend);
    for (name, before, after) in [
        ("wide", json!({ "max_concurrency": 1 }), json!({ "max_concurrency": 2 })),
        ("free", json!({ "max_concurrency": 1 }), json!({})),
        (
            "fast",
            json!({ "rate_limit": { "starts": 1, "per": "1h" } }),
            json!({ "rate_limit": { "starts": 100, "per": "1s" } }),
        ),
    ] {
        let job = |mut limits: Value| {
            limits["job_id"] = json!(name);
            [limits]
        };
        world.define(job(before)).await?;
        world.trigger(name, "a", NOTHING).await?;
        world.trigger(name, "b", NOTHING).await?;
        assert_eq!(attempts(&world.start().await?), [format!("{name}@a")]);
        world.define(job(after)).await?;
        assert_eq!(attempts(&world.start().await?), [format!("{name}@b")]);
    }
    Ok(())
}

pub async fn a_rate_spaces_starts(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world
        .define([json!({ "job_id": "paced", "rate_limit": { "starts": 1, "per": "10s", "burst": 2 } })])
        .await?;
    for name in ["a", "b", "c", "d"] {
        world.trigger("paced", name, NOTHING).await?;
    }
    assert_eq!(world.work(good).await?.len(), 2, "at once after a quiet time");
    for started in [0, 1, 0, 1] {
        world.pass(5).await?;
        assert_eq!(world.work(good).await?.len(), started);
    }
    Ok(())
}
