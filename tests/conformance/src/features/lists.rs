//! Lists: jobs with one execution for each element of a dependency's result.

use belfry_domain::{Execution, Status};
use belfry_engine::ports::Completion;
use serde_json::json;

use super::{
    NOTHING, sorted,
    world::{Tried, World, attempts, bad, good},
};
use crate::Backend;

/// Without a list there is nothing to run, whatever else the rule would allow. Airflow decides so, too.
pub async fn a_list_of_a_skipped_job_skips(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let mapped = |name: &str, list: &str, rule: &str| json!({ "job_id": name, "dependencies": ["root", list], "trigger_rule": rule, "for_each": { "$result": list } });
    world
        .define([
            json!({ "job_id": "root" }),
            json!({ "job_id": "skipped", "dependencies": ["root"], "trigger_rule": "all_failed" }),
            json!({ "job_id": "failed", "dependencies": ["root"], "on_failure": "record" }),
            mapped("none_failed", "skipped", "none_failed"),
            mapped("all_done", "skipped", "all_done"),
            mapped("one_success", "skipped", "one_success"),
            mapped("always", "skipped", "always"),
            mapped("all_done_failed", "failed", "all_done"),
            mapped("always_failed", "failed", "always"),
        ])
        .await?;
    world.trigger("root", "a", NOTHING).await?;
    let ends = |row: &Execution| if row.job_id().as_str() == "failed" { bad(row) } else { good(row) };
    assert_eq!(sorted(world.work(ends).await?), ["failed@a", "root@a"]);
    let reason = |text: &str| format!("dependency {text}");
    for name in ["none_failed", "all_done", "one_success", "always"] {
        let stands = world.stands(&format!("{name}@a")).await?;
        assert_eq!(stands, ("skipped".to_owned(), reason("skipped was skipped")), "{name}");
    }
    for name in ["all_done_failed", "always_failed"] {
        let stands = world.stands(&format!("{name}@a")).await?;
        assert_eq!(stands, ("upstream_failed".to_owned(), reason("failed failed")), "{name}");
    }
    Ok(())
}

/// A rule that would let it start before its list has come.
pub async fn a_mapped_job_waits_for_its_list(backend: &Backend) -> Tried {
    let world = World::over(backend);
    for rule in ["always", "one_success", "one_done"] {
        let job = |name: &str| format!("{name}_{rule}");
        let (root, list, mapped) = (job("root"), job("list"), job("mapped"));
        world
            .define([
                json!({ "job_id": root }),
                json!({ "job_id": list, "dependencies": [root] }),
                json!({ "job_id": mapped, "dependencies": [root, list], "trigger_rule": rule, "for_each": { "$result": list } }),
            ])
            .await?;
        world.trigger(&root, "a", NOTHING).await?;
        let first = world.start().await?;
        world.end(&first[0], Completion::succeeded(None)).await?;
        let second = world.start().await?;
        assert_eq!(attempts(&second), [format!("{list}@a")], "{rule}");
        world.end(&second[0], Completion::succeeded(Some(json!(["x", "y"])))).await?;
        assert_eq!(attempts(&world.start().await?), [""; 0], "{rule}: the list fans out");
        assert_eq!(sorted(world.work(good).await?), [format!("{mapped}@a,0"), format!("{mapped}@a,1")]);
        assert_eq!(world.row(&format!("{mapped}@a")).await?.status, Status::Success, "{rule}");
    }
    Ok(())
}
