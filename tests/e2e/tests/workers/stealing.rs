//! Work stealing: idle pools take work from other pools.

use belfry_e2e::{Server, Up};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{SOON, until_it_is};

/// Pushes one execution for each of these pools, all in one call, so that all are there before any is
/// taken.
async fn push(server: &Server, pools: &[&str]) -> Vec<String> {
    let push = |pool| json!({"name": pool, "pool": pool, "target": {"type": "empty"}});
    let executions: Vec<Value> = pools.iter().map(push).collect();
    let answer = server.api.post("/v1/executions:batch", &json!({"executions": executions})).await;
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|result| result["execution_id"].as_str().unwrap().to_owned()).collect()
}

pub async fn an_idle_pool_takes_from_the_deepest_that_permits_it() {
    let data = TempDir::new().unwrap();
    // Three pools with one place each: whichever looks last finds the deepest deeper still.
    let places = ["--pool", "gpu=1", "--concurrency", "1", "--max-processes", "1"];
    let permitted = ["--steal-from", "shallow", "--steal-from", "deep"];
    let server = Up::on(data.path()).args(places).args(permitted).start_leader().await;
    let pushed = push(&server, &["shallow", "deep", "deep", "deep", "deep", "deep", "private"]).await;
    let [shallow, deep @ .., private] = &pushed[..] else { panic!("{pushed:?}") };
    let shallow = until_it_is(&server, shallow, "success", SOON).await;
    let deepest = until_it_is(&server, &deep[0], "success", SOON).await;
    assert!(deepest["start_time"].as_str() < shallow["start_time"].as_str(), "{deepest} {shallow}");
    for id in &deep[1..] {
        until_it_is(&server, id, "success", SOON).await;
    }
    assert_eq!(server.api.execution(private).await["status"], "queued", "nobody may take it");
}
