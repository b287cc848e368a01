//! Executions that failed: run again, or only recorded.

use belfry_domain::{Execution, Status};
use belfry_engine::EngineError;
use serde_json::json;

use super::{
    NOTHING,
    world::{HELD_SECONDS, Tried, World, bad, good},
};
use crate::{Backend, fixtures::id};

pub async fn a_graph_runs_again_from_what_failed(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let after = |name: &str, before: &str| json!({ "job_id": name, "dependencies": [before] });
    world.define([json!({ "job_id": "first" }), after("second", "first"), after("third", "second")]).await?;
    world.trigger("first", "a", NOTHING).await?;
    let fails = |row: &Execution| if row.job_id().as_str() == "second" { bad(row) } else { good(row) };
    assert_eq!(world.work(fails).await?, ["first@a", "second@a"]);
    world.tick().await?;
    assert_eq!(world.alerts().await?, ["dead_letter/second"]);
    let failed = world.engine.failed_in_graph(&id("first@a"), None).await?;
    let (mut reruns, refused) = world.engine.plan_reruns(failed, None).await?;
    assert_eq!((reruns.len(), refused.len()), (1, 0));
    world.engine.begin_rerun(&mut reruns[0], None).await?;
    assert_eq!(world.work(good).await?, ["second@a~2", "third@a~2"], "the first is kept");
    world.tick().await?;
    assert_eq!(world.alerts().await?, [""; 0], "its dead letter is dealt with");
    let again = world.engine.redrive(&id("second@a"), None).await;
    assert!(matches!(again, Err(EngineError::Conflict(_))), "{again:?}");
    Ok(())
}

/// Cron sends no mail because of an exit code, so a job from a crontab must not page anybody for one.
pub async fn a_failure_that_is_only_recorded_pages_nobody(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = |name: &str, on_failure: &str| {
        let retry = json!({ "max_retries": 0, "max_lost": 0 });
        json!({ "job_id": name, "on_failure": on_failure, "retry": retry, "timeout": "1h" })
    };
    world.define([job("guard", "record"), job("loud", "dead_letter")]).await?;
    for name in ["guard", "loud"] {
        world.trigger(name, "a", NOTHING).await?;
    }
    world.work(bad).await?;
    world.trigger("guard", "lost", NOTHING).await?;
    world.start().await?;
    world.advance(HELD_SECONDS + 6);
    world.tick().await?;
    for name in ["guard@a", "guard@lost", "loud@a"] {
        assert_eq!(world.row(name).await?.status, Status::Failed, "{name}");
        let letter = world.engine.ports.dead_letters.dead_letter(&id(name)).await?;
        assert_eq!(letter.is_some(), name == "loud@a", "{name}");
    }
    assert_eq!(world.alerts().await?, ["dead_letter/loud"]);
    world.engine.retry_by_hand(&id("guard@a"), None).await?;
    assert_eq!(world.work(good).await?, ["guard@a~2"]);
    Ok(())
}
