//! Attempts with workers that speak HTTP only, and with targets that call back.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    installation::{COMMANDS, SOON, installation},
    receiver::Receiver,
    recovery::RECOVERED,
};

fn is_taken(_: usize) -> (StatusCode, Duration) {
    (StatusCode::ACCEPTED, Duration::ZERO)
}

pub async fn a_worker_over_http_takes_from_the_pools_queues() {
    let belfry = installation().await;
    let _alone = COMMANDS.lock().await;
    let id = belfry.push(json!({ "name": "outside", "command": "true", "input": 7 })).await;
    let body = json!({ "worker_id": "outside-1", "lease_seconds": 60, "labels": { "zone": "a" } });
    // An attempt that an answer took along when it was lost ends with its lease: then comes the next.
    let attempt = belfry_e2e::until("it is leased", RECOVERED, async || {
        let answer = belfry.api.post("/v1/pools/command:lease?wait=5", &body).await;
        answer["attempts"].as_array()?.iter().find(|attempt| attempt["execution_id"] == id).cloned()
    })
    .await;
    assert_eq!(attempt["input"], 7);
    let call = |verb: &str| format!("/v1/executions/{id}:{verb}");
    let pulse = belfry.api.post(&call("heartbeat"), &json!({ "token": attempt["token"] })).await;
    assert_eq!(pulse["cancel_requested"], false);
    let workers = belfry.api.get("/v1/workers").await;
    let is_it = |worker: &&Value| worker["worker_id"] == "outside-1";
    let seen = workers["items"].as_array().unwrap().iter().find(is_it).expect("it is listed");
    assert_eq!((&seen["status"], &seen["labels"]), (&json!("active"), &json!({ "zone": "a" })));
    let end = json!({ "token": attempt["token"], "status": "success", "result": { "rows": 3 } });
    for _ in 0..2 {
        assert_eq!(belfry.api.post(&call("finish"), &end).await["status"], "success");
    }
    let row = belfry.until_it_is(&id, "success", SOON).await;
    assert_eq!((&row["result"], &row["worker_id"]), (&json!({ "rows": 3 }), &json!("outside-1")));
    let (last, before) = row["attempts"].as_array().unwrap().split_last().unwrap();
    assert_eq!(last["number"], attempt["attempt"], "{row}");
    assert!(before.iter().all(|attempt| attempt["outcome"] == "lost"), "{row}");
}

pub async fn a_target_calls_back_when_its_worker_is_long_gone() {
    let belfry = installation().await;
    let receiver = Receiver::start(is_taken).await;
    let target = json!({ "type": "http", "url": receiver.url, "completion": "callback" });
    let id = belfry.push(json!({ "target": target, "timeout": "1h" })).await;
    receiver.until_called(1, SOON).await;
    let finish = format!("/v1/executions/{id}:finish");
    let end = json!({ "token": receiver.tokens()[0], "status": "success", "result": 24 });
    // A deployment of another case may end the function in the middle of its answer; to tell again is harmless.
    belfry_e2e::until("the end is taken", SOON, async || {
        let answer = belfry.api.try_post(&finish, &end).await.ok()?;
        (answer.status == 200 && answer.body["status"] == "success").then_some(())
    })
    .await;
    assert_eq!(belfry.until_it_is(&id, "success", SOON).await["result"], 24);
}
