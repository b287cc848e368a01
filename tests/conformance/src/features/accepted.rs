//! Answers to what is durable: accepted, whatever becomes of the messages.

use belfry_domain::Status;
use serde_json::json;

use super::{
    NOTHING, sorted,
    world::{Tried, World, bad, good},
};
use crate::{
    Backend,
    fixtures::{id, job_id},
};

/// An answer that calls a durable write a failure is sent again, and runs twice. The guards make the sweep
/// send what was not sent.
pub async fn what_is_durable_is_accepted_though_no_message_goes(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let after = |name: &str, before: &str| json!({ "job_id": name, "dependencies": [before], "trigger_rule": "all_done" });
    let secondly = json!({ "job_id": "secondly", "schedule": "* * * * * *", "end": "2026-11-23T00:00:05Z", "paused": true });
    let once = json!({ "max_retries": 0 });
    world
        .define([
            json!({ "job_id": "asked" }),
            json!({ "job_id": "cancelled", "pool": "far" }),
            after("follows", "cancelled"),
            json!({ "job_id": "failed", "retry": once }),
            secondly,
        ])
        .await?;
    world.trigger("cancelled", "a", NOTHING).await?;
    world.trigger("failed", "a", NOTHING).await?;
    let started = world.start_those(|message| message.pool != "far").await?;
    world.end(&started[0], bad(&started[0].execution)).await?;
    // No tick reads again what is due from here on.
    world.tick().await?;
    world.set_queue_away(true);
    for pushed in world.push_all(&["a", "b"]).await {
        assert!(pushed?.is_new);
    }
    world.trigger("asked", "a", NOTHING).await?;
    assert!(world.engine.retry_by_hand(&id("failed@a"), None).await?.is_new);
    world.define([json!({ "job_id": "soon", "run_at": "2026-11-23T00:00:02Z" })]).await?;
    assert_eq!(world.engine.resume_job(&job_id("secondly")).await?.paused_at(), None);
    world.engine.cancel(&id("cancelled@a"), "not wanted").await?;
    assert_eq!(world.row("cancelled@a").await?.status, Status::Cancelled);
    world.set_queue_away(false);
    let mut ran = Vec::new();
    for _ in 0..30 {
        world.pass(1).await?;
        ran.extend(world.work(good).await?);
    }
    let slots = (1..=5).map(|second| format!("secondly@2026-11-23T00:00:0{second}Z"));
    let others = ["asked@a", "failed@a~2", "follows@a", "push@a", "push@b", "soon@2026-11-23T00:00:02Z"];
    assert_eq!(sorted(ran), sorted(slots.chain(others.map(str::to_owned)).collect()));
    Ok(())
}
