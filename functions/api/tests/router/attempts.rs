//! Tests of attempts that run elsewhere: leased, kept alive and ended over HTTP.

use std::time::Duration;

use belfry_domain::Shards;
use belfry_engine::ports::Acquired;
use serde_json::{Value, json};

use crate::support::Api;

const SHARDS: Shards = Shards(1);

impl Api {
    async fn push_for_elsewhere(&self, key: &str, more: Value) -> String {
        let mut push = json!({"name": "remote", "pool": "remote", "target": {"type": "empty"}, "input": key});
        push.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post("/v1/executions", push).await.ok(201);
        answer["execution_id"].as_str().unwrap().to_owned()
    }

    async fn lease(&self, seconds: u32) -> Value {
        let body = json!({"worker_id": "w/1", "limit": 10, "lease_seconds": seconds});
        self.post("/v1/pools/remote:lease", body).await.ok(200)["attempts"].take()
    }

    /// Sweeps as the leader of the only lane does.
    async fn sweep(&self) {
        let now = self.engine.ports.clock.now();
        let leases = &self.engine.ports.leases;
        let acquired = leases.acquire(0, "me", now, now.plus(Duration::from_secs(9_999))).await.unwrap();
        let Acquired::Leader(lease) = acquired else { panic!("{acquired:?}") };
        self.engine.tick(&lease, SHARDS.all()).await.unwrap();
        self.clock.advance(self.engine.settings.sweep_grace);
        self.engine.sweep(SHARDS.all()).await.unwrap();
    }

    /// Sweeps every few seconds for this long.
    async fn sweep_for(&self, seconds: u64) {
        for _ in 0..seconds.div_ceil(10) {
            self.sweep().await;
        }
    }

    async fn finish(&self, id: &str, token: &Value, more: Value) -> crate::support::Answer {
        let mut body = json!({"token": token, "status": "success"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(&format!("/v1/executions/{id}:finish"), body).await
    }

    async fn execution(&self, id: &str) -> Value {
        self.get(&format!("/v1/executions/{id}")).await.ok(200)
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_worker_takes_work_keeps_it_and_ends_it() {
    let api = Api::open();
    assert_eq!(api.lease(30).await, json!([]));
    let id = api.push_for_elsewhere("a", json!({"timeout": "10m"})).await;
    let leased = api.lease(30).await;
    let attempt = &leased[0];
    assert_eq!(
        (&attempt["execution_id"], &attempt["attempt"], &attempt["input"]),
        (&json!(id), &json!(1), &json!("a"))
    );
    assert_eq!((&attempt["timeout_ms"], &attempt["target"]["type"]), (&json!(600_000), &json!("empty")));
    assert_eq!(attempt["lease_until"], "2026-11-23T12:01:00.000Z");
    assert_eq!(api.lease(30).await, json!([]), "it is taken");
    assert_eq!(api.execution(&id).await["worker_id"], "w/1");

    let beat = format!("/v1/executions/{id}:heartbeat");
    api.clock.advance(secs(20));
    let pulse = api.post(&beat, json!({"token": attempt["token"], "lease_seconds": 30})).await.ok(200);
    assert_eq!(
        (&pulse["lease_until"], &pulse["cancel_requested"]),
        (&json!("2026-11-23T12:01:20.000Z"), &json!(false))
    );
    let end = json!({"result": {"rows": 3}, "output": "line\n"});
    let ended = api.finish(&id, &attempt["token"], end.clone()).await.ok(200);
    assert_eq!((&ended["status"], &ended["result"]), (&json!("success"), &json!({"rows": 3})));
    let again = api.finish(&id, &attempt["token"], end).await.ok(200);
    assert_eq!(again, ended, "said once more");
    let other = api.finish(&id, &attempt["token"], json!({"status": "failed", "error": "no"})).await;
    assert!(other.problem(409).ends_with("has ended: it succeeded"));
    assert!(api.post(&beat, json!({"token": attempt["token"]})).await.problem(409).contains("it succeeded"));
    let shown = api.execution(&id).await;
    assert_eq!(shown["attempts"][0]["output"]["tail"], "line\n");
}

#[tokio::test]
async fn a_failure_is_retried_by_the_jobs_policy_and_the_old_token_is_void() {
    let api = Api::open();
    let id = api
        .push_for_elsewhere("a", json!({"retry": {"max_retries": 1, "base": "2s", "jitter": "none"}}))
        .await;
    let first = api.lease(30).await[0]["token"].take();
    let failure = json!({"status": "failed", "error": "no disk\nat all", "retry_after_seconds": 40});
    let waiting = api.finish(&id, &first, failure.clone()).await.ok(200);
    assert_eq!((&waiting["status"], &waiting["reason"]), (&json!("waiting"), &json!("no disk")));
    assert_eq!(waiting["ready_at"], "2026-11-23T12:01:10.000Z", "not before it was asked for");
    assert_eq!(api.finish(&id, &first, failure).await.ok(200)["attempts"], waiting["attempts"]);
    api.clock.advance(secs(40));
    api.sweep_for(60).await;
    api.work().await;
    let second = api.lease(30).await;
    assert_eq!(second[0]["attempt"], 2);
    assert!(
        api.finish(&id, &first, json!({}))
            .await
            .problem(409)
            .contains("this token does not hold attempt 1 of")
    );
    let last = json!({"status": "failed", "error": "no disk", "final": true});
    let ended = api.finish(&id, &second[0]["token"], last).await.ok(200);
    assert_eq!(ended["status"], "failed");
    assert_eq!(api.get("/v1/dead-letters").await.ok(200)["items"][0]["execution_id"], id);
}

#[tokio::test]
async fn the_work_of_a_worker_that_vanished_is_back_after_its_lease() {
    let api = Api::open();
    let id = api.push_for_elsewhere("a", json!({"timeout": "10m"})).await;
    let first = api.lease(30).await[0]["token"].take();
    api.sweep_for(20).await;
    assert_eq!(api.execution(&id).await["status"], "running");
    api.sweep_for(70).await;
    api.work().await;
    let second = api.lease(30).await;
    assert_eq!((&second[0]["execution_id"], &second[0]["attempt"]), (&json!(id), &json!(2)));
    let beat = json!({"token": first});
    api.post(&format!("/v1/executions/{id}:heartbeat"), beat).await.problem(409);
    api.finish(&id, &first, json!({})).await.problem(409);
    let ended = api.finish(&id, &second[0]["token"], json!({})).await.ok(200);
    let outcomes: Vec<_> = ended["attempts"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["lost", "succeeded"]);
}

#[tokio::test]
async fn heartbeats_do_not_outlast_the_attempts_time() {
    let api = Api::open();
    let id = api.push_for_elsewhere("a", json!({"timeout": "50s", "max_retries": 0})).await;
    let token = api.lease(30).await[0]["token"].take();
    api.clock.advance(secs(25));
    let beat = json!({"token": token, "lease_seconds": 60});
    let pulse = api.post(&format!("/v1/executions/{id}:heartbeat"), beat).await.ok(200);
    assert_eq!(
        (&pulse["lease_until"], &pulse["ends_by"]),
        (&pulse["ends_by"], &json!("2026-11-23T12:01:20.000Z"))
    );
    api.sweep_for(90).await;
    let ended = api.execution(&id).await;
    assert_eq!(
        (&ended["status"], &ended["attempts"][0]["outcome"]),
        (&json!("timed_out"), &json!("timed_out"))
    );
    assert!(api.finish(&id, &token, json!({})).await.problem(409).ends_with("it timed out"));
}

#[tokio::test]
async fn a_cancellation_reaches_the_worker_with_its_heartbeat() {
    let api = Api::open();
    let id = api.push_for_elsewhere("a", json!({})).await;
    let token = api.lease(30).await[0]["token"].take();
    api.post(&format!("/v1/executions/{id}:cancel"), json!({"reason": "enough"})).await.ok(202);
    let pulse = api.post(&format!("/v1/executions/{id}:heartbeat"), json!({"token": token})).await.ok(200);
    assert_eq!(pulse["cancel_requested"], true);
    let failure = json!({"status": "failed", "error": "stopped"});
    let ended = api.finish(&id, &token, failure.clone()).await.ok(200);
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("cancelled"), &json!("enough")));
    api.finish(&id, &token, failure).await.ok(200);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let api = Api::open();
    let id = api.push_for_elsewhere("a", json!({})).await;
    for (path, problem) in [("/v1/pools/a%2Fb:lease", "pool"), ("/v1/pools/remote:lease?wait=21", "wait")] {
        assert!(api.post(path, json!({"worker_id": "w"})).await.problem(400).starts_with(problem));
    }
    for (body, problem) in [
        (json!({}), "worker_id: missing field"),
        (json!({"worker_id": "a b"}), "worker_id: must be 1 to 128 printable"),
        (json!({"worker_id": "w", "limit": 0}), "limit: must be from 1 to 10"),
        (json!({"worker_id": "w", "lease_seconds": 4}), "lease_seconds: must be from 5 to 3600"),
        (json!({"worker_id": "w", "lease": 60}), "lease: "),
        (json!({"worker_id": "w", "capacity": 0}), "capacity: must be from 1 to"),
        (json!({"worker_id": "w", "labels": {"a": "x".repeat(65)}}), "labels: at most 20"),
    ] {
        let told = api.post("/v1/pools/remote:lease", body).await.problem(422);
        assert!(told.starts_with(problem), "{told}");
    }
    let token = api.lease(30).await[0]["token"].take();
    for (more, problem) in [
        (json!({"token": "secret"}), "token: \"secret\" is not a claim token"),
        (json!({"error": "x"}), "error: is only for `\"status\": \"failed\"`"),
        (json!({"status": "failed", "result": 1}), "result: is only for"),
        (json!({"status": "failed", "retry_after_seconds": 3601}), "retry_after_seconds: must be"),
        (json!({"result": "x".repeat(70_000)}), "result: has 70002 bytes"),
        (json!({"status": "done"}), "status: unknown variant"),
    ] {
        let told = api.finish(&id, &token, more).await.problem(422);
        assert!(told.starts_with(problem), "{told}");
    }
    api.finish(&id, &json!("1-0000000000000000"), json!({})).await.problem(409);
    api.finish("nobody@x", &token, json!({})).await.problem(404);
    assert_eq!(api.execution(&id).await["status"], "running");
}

async fn handed_over(api: &Api, more: Value) -> (String, Value) {
    let target = json!({"type": "http", "url": "http://x", "completion": "callback"});
    let mut push = json!({"name": "callback", "target": target});
    push.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = api.post("/v1/executions", push).await.ok(201)["execution_id"].as_str().unwrap().to_owned();
    api.work().await;
    assert_eq!(api.execution(&id).await["status"], "running", "its worker is free, it goes on");
    let token = api.called_back.lock().unwrap().pop().unwrap();
    (id, json!(token))
}

#[tokio::test]
async fn a_target_that_has_taken_the_work_ends_it() {
    let api = Api::open();
    let (id, token) = handed_over(&api, json!({"timeout": "1h"})).await;
    api.sweep_for(600).await;
    let pulse = api.post(&format!("/v1/executions/{id}:heartbeat"), json!({"token": token})).await.ok(200);
    assert_eq!(
        (&pulse["lease_until"], &pulse["ends_by"]),
        (&json!("2026-11-23T13:00:30.000Z"), &json!("2026-11-23T13:00:30.000Z")),
        "it is the target's for all of its time"
    );
    let ended = api.finish(&id, &token, json!({"result": 7})).await.ok(200);
    assert_eq!((&ended["status"], &ended["result"]), (&json!("success"), &json!(7)));
    api.finish(&id, &token, json!({"result": 7})).await.ok(200);
}

#[tokio::test]
async fn a_target_that_never_calls_back_times_out_and_is_retried() {
    let api = Api::open();
    let retry = json!({"timeout": "5m", "retry": {"max_retries": 1, "base": "1s", "jitter": "none"}});
    let (id, first) = handed_over(&api, retry).await;
    api.sweep_for(280).await;
    assert_eq!(api.execution(&id).await["status"], "running");
    api.sweep_for(50).await;
    let waiting = api.execution(&id).await;
    assert_eq!(
        (&waiting["status"], &waiting["attempts"][0]["outcome"]),
        (&json!("waiting"), &json!("timed_out"))
    );
    assert_eq!(waiting["reason"], "attempt 1 took longer than its timeout (5m)");
    api.sweep_for(20).await;
    api.work().await;
    let second = json!(api.called_back.lock().unwrap().pop().unwrap());
    assert!(api.finish(&id, &first, json!({})).await.problem(409).contains("this token does not hold"));
    api.finish(&id, &second, json!({})).await.ok(200);
}

#[tokio::test]
async fn what_is_with_its_target_is_cancelled_at_once() {
    let api = Api::open();
    let (id, token) = handed_over(&api, json!({})).await;
    let ended = api.post(&format!("/v1/executions/{id}:cancel"), json!({"reason": "enough"})).await.ok(200);
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("cancelled"), &json!("enough")));
    let told =
        api.post(&format!("/v1/executions/{id}:heartbeat"), json!({"token": token})).await.problem(409);
    assert!(told.ends_with("it was cancelled"), "{told}");
    assert_eq!(api.finish(&id, &token, json!({})).await.ok(200)["status"], "cancelled");
}

async fn workers(api: &Api) -> Value {
    api.get("/v1/workers").await.ok(200)["items"].take()
}

#[tokio::test]
async fn workers_are_seen_by_what_they_ask_for() {
    let api = Api::open();
    assert_eq!(workers(&api).await, json!([]));
    let body = json!({
        "worker_id": "w/1", "capacity": 4, "running": 1, "version": "7", "labels": {"zone": "a"},
        "lease_seconds": 3600,
    });
    api.post("/v1/pools/remote:lease", body.clone()).await.ok(200);
    let expected = json!([{
        "worker_id": "w/1", "kind": "http", "status": "active", "version": "7",
        "last_seen": "2026-11-23T12:00:30.000Z", "labels": {"zone": "a"},
        "pools": {"remote": {"capacity": 4, "running": 1, "utilisation": 0.25}},
    }]);
    assert_eq!(workers(&api).await, expected);
    let id = api.push_for_elsewhere("a", json!({})).await;
    let token = api.post("/v1/pools/remote:lease", body.clone()).await.ok(200)["attempts"][0]["token"].take();
    assert_eq!(workers(&api).await, expected, "not every call is worth a write");
    api.clock.advance(secs(60));
    assert_eq!(workers(&api).await[0]["status"], "lost");
    api.post(&format!("/v1/executions/{id}:heartbeat"), json!({"token": token})).await.ok(200);
    let seen = workers(&api).await;
    assert_eq!(
        (&seen[0]["status"], &seen[0]["last_seen"]),
        (&json!("active"), &json!("2026-11-23T12:01:30.000Z"))
    );
    api.clock.advance(secs(300));
    assert_eq!(workers(&api).await, json!([]));
}

#[tokio::test]
async fn a_worker_that_drains_keeps_what_it_has_and_gets_nothing_new() {
    let api = Api::open();
    let first = api.push_for_elsewhere("a", json!({})).await;
    let token = api.lease(60).await[0]["token"].take();
    api.post("/v1/workers/w%2F1:drain", json!({})).await.ok(204);
    assert_eq!(workers(&api).await[0]["status"], "draining");
    api.push_for_elsewhere("b", json!({})).await;
    let answer = api.post("/v1/pools/remote:lease", json!({"worker_id": "w/1"})).await.ok(200);
    assert_eq!(answer, json!({"attempts": [], "draining": true}));
    let other = api.post("/v1/pools/remote:lease", json!({"worker_id": "w/2"})).await.ok(200);
    assert_eq!((&other["attempts"][0]["input"], &other["draining"]), (&json!("b"), &json!(false)));
    let pulse = api.post(&format!("/v1/executions/{first}:heartbeat"), json!({"token": token})).await.ok(200);
    assert_eq!(pulse["draining"], true);
    api.finish(&first, &token, json!({})).await.ok(200);
    api.post("/v1/workers/w%2F1:resume", json!({})).await.ok(204);
    let answer = api.post("/v1/pools/remote:lease", json!({"worker_id": "w/1"})).await.ok(200);
    assert_eq!(answer["draining"], false);
    for path in ["/v1/workers/nobody:drain", "/v1/workers/nobody:resume"] {
        api.post(path, json!({})).await.problem(404);
    }
    api.post("/v1/workers/a%20b:drain", json!({})).await.problem(400);
}
