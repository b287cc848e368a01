//! Outages that are longer than the retention.

use serde_json::{Value, json};

use super::{
    sorted,
    world::{Tried, World, good},
};
use crate::{Backend, fixtures::job_id};

const DAY: u64 = 24 * 3600;
const SLOT: &str = "2026-11-23T00:05:00Z";

fn once(name: &str, more: &Value) -> Value {
    let mut job = json!({ "job_id": name, "run_at": SLOT });
    job.as_object_mut().into_iter().zip(more.as_object()).for_each(|(job, more)| job.extend(more.clone()));
    job
}

fn all_kinds() -> Vec<Value> {
    vec![
        once("latest", &json!({})),
        once("all", &json!({ "misfire": "all" })),
        once("skip", &json!({ "misfire": "skip" })),
        once("limited", &json!({ "max_concurrency": 1 })),
        once("after", &json!({ "dependencies": ["latest"] })),
        once("jittered", &json!({ "jitter": "10s" })),
        once("strict", &json!({ "starting_deadline": "1h" })),
        json!({ "job_id": "flows", "dependencies": ["latest"] }),
        json!({ "job_id": "monthly", "schedule": "10 0 23 * *" }),
    ]
}

/// Checks what became of [`all_kinds`], after the policies could decide.
async fn each_by_its_policy(world: &World) -> Tried {
    let mut ran = Vec::new();
    for _ in 0..20 {
        ran.extend(world.work(good).await?);
        world.pass(1).await?;
    }
    let at = |name: &str| format!("{name}@{SLOT}");
    let names = ["after", "all", "flows", "jittered", "latest", "limited"];
    let expected: Vec<String> =
        names.map(at).into_iter().chain(["monthly@2026-11-23T00:10:00Z".to_owned()]).collect();
    assert_eq!(sorted(ran), expected);
    for (name, why) in [
        ("skip", "1 slot, missed, was passed over (misfire: skip)"),
        ("strict", "skipped: starting_deadline passed before the execution could start"),
    ] {
        assert_eq!(world.stands(&at(name)).await?, ("skipped".to_owned(), why.to_owned()), "{name}");
    }
    // Nothing is left over that would start it again.
    for _ in 0..5 {
        world.advance(900);
        world.tick().await?;
        assert_eq!(world.work(good).await?, [""; 0]);
    }
    Ok(())
}

pub async fn a_long_outage_leaves_the_decision_to_the_policy(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define(all_kinds()).await?;
    world.tick().await?;
    world.advance(9 * DAY);
    world.recover().await?;
    world.tick().await?;
    world.forget_old().await?;
    each_by_its_policy(&world).await
}

pub async fn a_long_pause_leaves_the_decision_to_the_policy(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([once("latest", &json!({})), once("skip", &json!({ "misfire": "skip" }))]).await?;
    for job in ["latest", "skip"] {
        world.engine.pause_job(&job_id(job), None).await?;
    }
    for _ in 0..9 {
        world.advance(DAY);
        world.tick().await?;
    }
    for job in ["latest", "skip"] {
        world.engine.resume_job(&job_id(job)).await?;
    }
    let mut ran = world.work(good).await?;
    for _ in 0..20 {
        world.pass(1).await?;
        ran.extend(world.work(good).await?);
    }
    assert_eq!(ran, [format!("latest@{SLOT}")]);
    let why = "1 slot, of a pause, was passed over (misfire: skip)";
    assert_eq!(world.stands(&format!("skip@{SLOT}")).await?, ("skipped".to_owned(), why.to_owned()));
    Ok(())
}

/// Nobody serves its pool for longer than the retention.
pub async fn what_no_worker_took_within_the_retention_says_so(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([once("unserved", &json!({ "pool": "rare" }))]).await?;
    world.advance(300);
    world.tick().await?;
    for _ in 0..8 {
        world.advance(DAY);
        world.tick().await?;
        world.forget_old().await?;
    }
    assert_eq!(world.work(good).await?, [""; 0]);
    let why = "skipped: no worker of pool rare took it within the retention (7d)";
    assert_eq!(world.stands(&format!("unserved@{SLOT}")).await?, ("skipped".to_owned(), why.to_owned()));
    Ok(())
}
