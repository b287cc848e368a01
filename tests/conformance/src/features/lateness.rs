//! Lateness: time between the instant at which an execution could start and its start. Waits are no part of it.

use std::time::Duration;

use belfry_engine::{CircuitChange, ports::Completion};
use serde_json::{Value, json};

use super::{
    NOTHING,
    world::{Tried, World, good},
};
use crate::{Backend, fixtures::job_id};

/// Two seconds of work each, or ten seconds between starts: what waits for its turn is late from its turn on.
pub async fn waiting_for_a_turn_is_no_lateness(backend: &Backend) -> Tried {
    let world = World::over(backend);
    for (job, limits) in [
        ("one", json!({ "max_concurrency": 1 })),
        ("strict", json!({ "concurrency": "queue" })),
        (
            "keyed",
            json!({ "max_concurrency": 5, "concurrency_key": "input.key", "max_concurrency_per_key": 1 }),
        ),
    ] {
        world.define([limited(job, limits)]).await?;
        for name in ["a", "b", "c"] {
            world.trigger(job, name, NOTHING).await?;
        }
        let first = world.start().await?;
        assert_eq!(world.take_starts(), started(job, "a", 0));
        world.advance(2);
        world.end(&first[0], Completion::succeeded(None)).await?;
        let second = world.start().await?;
        assert_eq!(world.take_starts(), started(job, "b", 0));
        world.advance(2);
        world.end(&second[0], Completion::succeeded(None)).await?;
        // No worker is free for three seconds.
        world.advance(3);
        let third = world.start().await?;
        assert_eq!(third[0].execution.lateness(), Some(Duration::from_secs(3)));
        assert_eq!(world.take_starts(), started(job, "c", 3_000));
        world.end(&third[0], Completion::succeeded(None)).await?;
    }
    world.define([limited("paced", json!({ "rate_limit": { "starts": 1, "per": "10s" } }))]).await?;
    world.trigger("paced", "a", NOTHING).await?;
    world.trigger("paced", "b", NOTHING).await?;
    world.work(good).await?;
    assert_eq!(world.take_starts(), started("paced", "a", 0));
    world.pass(10).await?;
    world.work(good).await?;
    assert_eq!(world.take_starts(), started("paced", "b", 0));

    world.define([limited("broken", json!({ "circuit": {} }))]).await?;
    world.engine.set_circuit(&job_id("broken"), CircuitChange::Open(None)).await?;
    world.trigger("broken", "a", NOTHING).await?;
    world.start().await?;
    world.advance(30);
    world.engine.set_circuit(&job_id("broken"), CircuitChange::Close).await?;
    world.work(good).await?;
    assert_eq!(world.take_starts(), started("broken", "a", 0));
    Ok(())
}

fn started(job: &str, name: &str, late_ms: u64) -> Vec<(String, u64)> {
    vec![(format!("{job}@{name}"), late_ms)]
}

fn limited(name: &str, mut limits: Value) -> Value {
    limits["job_id"] = json!(name);
    limits
}

/// A dependent waited a minute for its dependency, and a worker is free two seconds later.
pub async fn waiting_for_a_dependency_is_no_lateness(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let slot = "2026-11-23T00:01:00Z";
    let jobs = [
        json!({ "job_id": "up", "run_at": slot }),
        json!({ "job_id": "down", "run_at": slot, "dependencies": ["up"] }),
    ];
    world.define(jobs).await?;
    world.advance(60);
    world.tick().await?;
    let up = world.start().await?;
    world.advance(60);
    world.end(&up[0], Completion::succeeded(None)).await?;
    world.advance(2);
    world.work(good).await?;
    assert_eq!(world.take_starts(), [started("up", slot, 0), started("down", slot, 2_000)].concat());
    let lateness = world.row(&format!("down@{slot}")).await?.lateness();
    assert_eq!(lateness, Some(Duration::from_secs(2)));
    Ok(())
}
