//! Circuit breakers.

use belfry_engine::{CircuitChange, Precondition, ports::Completion};
use serde_json::json;

use super::{
    NOTHING,
    world::{Tried, World, attempts, bad, good},
};
use crate::{Backend, fixtures::job_id};

pub async fn a_circuit_opens_skips_slots_and_tries_one(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let circuit = json!({ "threshold": 2, "open_for": "5m" });
    world.define([json!({ "job_id": "breaking", "schedule": "* * * * *", "circuit": circuit })]).await?;
    for name in ["a", "b"] {
        world.trigger("breaking", name, NOTHING).await?;
    }
    world.work(bad).await?;
    world.tick().await?;
    assert_eq!(world.alerts().await?, ["circuit_opened/breaking", "dead_letter/breaking"]);
    world.trigger("breaking", "c", NOTHING).await?;
    world.trigger("breaking", "d", NOTHING).await?;
    assert_eq!(attempts(&world.start().await?), [""; 0]);
    let (status, reason) = world.stands("breaking@c").await?;
    assert_eq!(
        (&*status, &*reason),
        ("waiting", "waiting: the circuit breaker is open until 2026-11-23T00:05:00Z")
    );
    world.advance(60);
    world.tick().await?;
    world.start().await?;
    let (status, reason) = world.stands("breaking@2026-11-23T00:01:00Z").await?;
    assert_eq!(
        (&*status, &*reason),
        ("skipped", "skipped: the circuit breaker is open until 2026-11-23T00:05:00Z")
    );
    world.advance(240);
    world.tick().await?;
    let probe = world.start().await?;
    assert_eq!(attempts(&probe), ["breaking@c"], "one alone");
    world.end(&probe[0], Completion::succeeded(None)).await?;
    assert_eq!(attempts(&world.start().await?), ["breaking@d"]);
    world.tick().await?;
    assert_eq!(world.alerts().await?, ["dead_letter/breaking"]);
    Ok(())
}

pub async fn a_circuit_that_was_opened_by_hand_stays_open(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "held", "circuit": { "threshold": 9 } })]).await?;
    for name in ["a", "b"] {
        world.trigger("held", name, NOTHING).await?;
    }
    let running = world.start().await?;
    world.engine.set_circuit(&job_id("held"), CircuitChange::Open(None)).await?;
    world.end(&running[0], Completion::succeeded(None)).await?;
    world.end(&running[1], Completion::failed_for_good("it is broken")).await?;
    world.trigger("held", "c", NOTHING).await?;
    assert_eq!(attempts(&world.start().await?), [""; 0]);
    assert_eq!(world.alerts().await?, ["dead_letter/held"]);
    world.engine.set_circuit(&job_id("held"), CircuitChange::Close).await?;
    assert_eq!(attempts(&world.start().await?), ["held@c"]);
    Ok(())
}

pub async fn a_job_that_is_defined_again_begins_with_a_closed_circuit(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = json!({ "job_id": "phoenix", "circuit": { "threshold": 1 } });
    world.define([job.clone()]).await?;
    world.trigger("phoenix", "a", NOTHING).await?;
    world.work(bad).await?;
    world.engine.delete_job(&job_id("phoenix"), &Precondition::None).await?;
    world.define([job]).await?;
    world.trigger("phoenix", "b", NOTHING).await?;
    assert_eq!(world.work(good).await?, ["phoenix@b"]);
    Ok(())
}
