//! Attempts: long ones, and those whose worker is gone.

use belfry_domain::{Execution, Progress, Trigger};
use belfry_engine::ports::Completion;
use serde_json::json;

use super::{
    NOTHING,
    world::{HELD_SECONDS, Tried, World, attempts, good},
};
use crate::{
    Backend,
    fixtures::{at, claim_at, job_id, row_at},
};

pub async fn long_work_tells_how_far_it_is_and_is_stopped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "long", "timeout": "1h" })]).await?;
    world.trigger("long", "a", NOTHING).await?;
    let running = world.start().await?;
    let (name, token) = (&running[0].execution.id, running[0].token);
    let progress = Progress::new(Some(40.0), Some("loading"));
    let lease = std::time::Duration::from_secs(HELD_SECONDS);
    world.engine.heartbeat(name, token, lease, Some(progress.clone())).await?;
    assert_eq!(world.row("long@a").await?.progress, Some(progress));
    world.engine.cancel(name, "enough").await?;
    assert!(world.engine.heartbeat(name, token, lease, None).await?.execution.cancel_requested);
    world.end(&running[0], Completion::failed("it was stopped")).await?;
    assert_eq!(world.stands("long@a").await?, ("cancelled".to_owned(), "enough".to_owned()));
    Ok(())
}

pub async fn a_vanished_workers_work_starts_again(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "lost", "timeout": "1h", "max_concurrency": 1 })]).await?;
    world.trigger("lost", "a", NOTHING).await?;
    let vanished = world.start().await?;
    world.advance(HELD_SECONDS + 6);
    world.tick().await?;
    let second = world.start().await?;
    assert_eq!((attempts(&second), second[0].execution.attempt), (vec!["lost@a"], 2));
    assert!(world.end(&vanished[0], Completion::succeeded(None)).await.is_err(), "it is not its any more");
    world.end(&second[0], Completion::succeeded(None)).await?;
    assert_eq!(world.row("lost@a").await?.lost, 1);
    Ok(())
}

/// The worker read the job before the pause, stopped before it reached the store, and died.
pub async fn a_start_that_comes_after_a_pause_is_not_lost(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let jobs = ["late", "never"];
    world.define(jobs.map(|name| json!({ "job_id": name, "schedule": "@hourly" }))).await?;
    world.advance(3598);
    world.tick().await?;
    for name in jobs {
        world.engine.pause_job(&job_id(name), None).await?;
    }
    world.advance(2);
    assert_eq!(attempts(&world.start().await?), [""; 0], "their messages have come");
    let minutes = async |count| {
        for _ in 0..count {
            world.advance(60);
            world.tick().await?;
        }
        Tried::Ok(())
    };
    minutes(59).await?;
    let [late, never] = jobs.map(|name| format!("{name}@2026-11-23T01:00:00Z"));
    assert!(world.is_guarded(&never).await?);
    let slot = at(3_600_000);
    let row = Execution { trigger: Trigger::Schedule, ..row_at(&late, slot) };
    backend.create_new(claim_at(&late, 1, 7, slot).start_new(&row)).await?;
    // Looks are an hour and a quarter apart at most.
    minutes(150).await?;
    assert_eq!(world.work(good).await?, [late.as_str()]);
    assert_eq!((world.row(&late).await?.attempt, world.row(&late).await?.lost), (2, 1));
    assert!(!world.is_guarded(&never).await?, "nobody looks for it for ever");
    Ok(())
}
