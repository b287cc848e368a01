//! A commit of a newer version that was left half done, with steps that this version does not know.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue::{N, S};
use belfry_aws::dynamodb::{Plan, Table};
use belfry_conformance::{
    features::{Tried, World, good},
    fixtures::{job_id, names},
};
use belfry_engine::{EngineError, ports::JobStore as _};
use serde_json::json;

use crate::support::Installation;

const PLAN: &str = "newer";

impl Installation {
    /// Names a plan in the row of the graph, as the commit of a newer version does.
    async fn name_plan(&self, revision: u64) {
        let name = self
            .tamper(Table::State, "graph", ".")
            .update_expression("SET revision = :revision, #plan = :plan");
        let name = name.expression_attribute_names("#plan", "plan");
        let name = name.expression_attribute_values(":revision", N(revision.to_string()));
        name.expression_attribute_values(":plan", S(PLAN.to_owned())).send().await.unwrap();
    }

    async fn write_chunk(&self, steps: &str) {
        let put = self.client.put_item().table_name(self.table(Table::State));
        let put = put.item("pk", S(format!("plan#{PLAN}"))).item("sk", S("000000".to_owned()));
        put.item("doc", S(steps.to_owned())).send().await.unwrap();
    }
}

#[tokio::test]
async fn steps_of_a_newer_version_stop_nothing_but_definitions() -> Tried {
    let installation = Installation::new().await;
    let world = World::over(&installation.backend());
    let once = json!({ "job_id": "once", "run_at": "2026-11-23T00:00:05Z" });
    world.define([once, json!({ "job_id": "after", "dependencies": ["once"] })]).await?;
    installation.write_chunk(r#"[{"from_the_future":{"job_id":"once"}}]"#).await;
    installation.name_plan(2).await;
    let stores = installation.stores();
    assert_eq!(names(&stores.all_jobs().await?.1), ["after", "once"]);
    // As the tick reads jobs.
    assert!(stores.trusting_jobs_for(Duration::from_secs(1)).job(&job_id("once")).await?.is_some());
    assert!(matches!(stores.carry_out_plan().await?.0, Plan::Unknown { .. }));
    world.pass(5).await?;
    assert_eq!(world.work(good).await?, ["once@2026-11-23T00:00:05Z", "after@2026-11-23T00:00:05Z"]);
    let refused = world.define([json!({ "job_id": "more" })]).await;
    assert!(matches!(refused, Err(EngineError::Contended(_))), "{refused:?}");
    // A newer version ends it.
    installation.write_chunk("[]").await;
    world.define([json!({ "job_id": "more" })]).await?;
    assert_eq!(names(&installation.stores().all_jobs().await?.1), ["after", "more", "once"]);
    Ok(())
}
