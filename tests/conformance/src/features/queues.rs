//! Queues: the class that an execution waits in, and queues that are full.

use belfry_domain::Priority;
use belfry_engine::{EngineError, Settings};
use serde_json::json;

use super::{
    NOTHING,
    world::{Tried, World, good},
};
use crate::Backend;

pub async fn a_change_of_priority_reaches_what_waits(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "urgent" }), json!({ "job_id": "usual" })]).await?;
    let usual = world.trigger("usual", "a", NOTHING).await?;
    let urgent = world.trigger("urgent", "a", NOTHING).await?;
    world.define([json!({ "job_id": "urgent", "priority": "critical" })]).await?;
    assert_eq!(world.classes_of(&urgent), [Priority::Normal, Priority::Critical]);
    assert_eq!(world.work(good).await?, [urgent.to_string(), usual.to_string()], "each once");
    Ok(())
}

pub async fn a_full_queue_refuses(backend: &Backend) -> Tried {
    let backlog_limits = "*/normal=2".parse().unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings { backlog_limits, ..Settings::standalone() };
    let world = World::with(backend, settings);
    world.define([json!({ "job_id": "much" })]).await?;
    for name in ["a", "b"] {
        world.trigger("much", name, NOTHING).await?;
    }
    let refused = world.trigger("much", "c", NOTHING).await;
    assert!(matches!(refused, Err(EngineError::Backlogged { depth: 2, limit: 2, .. })), "{refused:?}");
    world.trigger("much", "b", NOTHING).await?;
    world.work(good).await?;
    world.trigger("much", "c", NOTHING).await?;
    Ok(())
}
