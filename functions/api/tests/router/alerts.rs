use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::{Timestamp, What};
use belfry_engine::{
    StallWatch,
    ports::{Notice, Position, Receiver},
};
use serde_json::{Value, json};

use crate::support::Api;

const SECOND: Duration = Duration::from_secs(1);

/// Receiver that keeps the notices that it was told, and may refuse them.
#[derive(Default)]
struct Pager {
    heard: Mutex<Vec<String>>,
    is_deaf: Mutex<bool>,
}

#[async_trait]
impl Receiver for Pager {
    fn name(&self) -> &'static str {
        "pager"
    }

    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        let what = if notice.alert.is_open() { "open" } else { "over" };
        self.heard.lock().unwrap().push(format!("{} {what}", notice.alert.key));
        if *self.is_deaf.lock().unwrap() { Err("HTTP 500".to_owned()) } else { Ok(()) }
    }
}

impl Pager {
    /// Tends the alerts, and returns what the receiver was told since the last call.
    async fn tended(self: &Arc<Self>, api: &Api) -> Vec<String> {
        let receivers: Vec<Arc<dyn Receiver>> = vec![self.clone()];
        api.engine.tend_alerts(&receivers).await.unwrap();
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

async fn fail(api: &Api, times: usize) {
    let fails = json!({"command": "false", "name": "nightly", "retry": {"max_retries": 0}});
    for _ in 0..times {
        api.post("/v1/executions", fails.clone()).await.ok(201);
    }
    api.work().await;
}

async fn discard_all(api: &Api) {
    let letters = api.get("/v1/dead-letters").await.ok(200);
    for letter in letters["items"].as_array().unwrap() {
        api.delete(&format!("/v1/dead-letters/{}", letter["execution_id"].as_str().unwrap())).await;
    }
}

async fn listed(api: &Api, query: &str) -> Vec<Value> {
    api.get(&format!("/v1/alerts{query}")).await.ok(200)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_jobs_dead_letters_are_one_alert() {
    let api = Api::open();
    assert_eq!(api.get("/v1/alerts").await.ok(200), json!({"items": []}));
    fail(&api, 2).await;
    let [alert] = &listed(&api, "").await[..] else { panic!("not one") };
    assert_eq!((&alert["key"], &alert["kind"]), (&json!("dead_letter/nightly"), &json!("dead_letter")));
    assert_eq!((&alert["severity"], &alert["state"]), (&json!("error"), &json!("open")));
    assert!(alert["summary"].as_str().unwrap().ends_with("failed for good: exit status 3"), "{alert}");
}

#[tokio::test]
async fn a_receiver_is_told_of_the_beginning_and_the_end() {
    let (api, pager) = (Api::open(), Arc::new(Pager::default()));
    fail(&api, 2).await;
    assert_eq!(pager.tended(&api).await, ["dead_letter/nightly open"]);
    fail(&api, 1).await;
    assert_eq!(pager.tended(&api).await, [""; 0], "it knows");
    assert_eq!(listed(&api, "?state=open").await[0]["told"], json!(["pager"]));
    discard_all(&api).await;
    assert_eq!(pager.tended(&api).await, ["dead_letter/nightly over"]);
    assert_eq!((listed(&api, "?state=open").await, listed(&api, "?state=resolved").await.len()), (vec![], 1));
    fail(&api, 1).await;
    assert_eq!(pager.tended(&api).await, ["dead_letter/nightly open"], "it has come again");
    discard_all(&api).await;
    assert_eq!(pager.tended(&api).await, ["dead_letter/nightly over"]);
    api.clock.advance(24 * 3600 * SECOND);
    assert_eq!(pager.tended(&api).await, [""; 0]);
    assert_eq!(listed(&api, "").await, [Value::Null; 0], "a day later it is forgotten");
    assert!(
        api.get("/v1/alerts?state=shut").await.problem(400).contains("\"shut\" is not one of open, resolved")
    );
}

#[tokio::test]
async fn one_that_can_not_be_told_is_tried_again_ever_later() {
    let (api, pager) = (Api::open(), Arc::new(Pager::default()));
    *pager.is_deaf.lock().unwrap() = true;
    fail(&api, 1).await;
    assert_eq!(pager.tended(&api).await.len(), 1);
    assert_eq!(listed(&api, "").await[0]["troubles"], json!({"pager": "HTTP 500"}));
    api.clock.advance(4 * SECOND);
    assert_eq!(pager.tended(&api).await.len(), 0, "too soon");
    api.clock.advance(SECOND);
    assert_eq!(pager.tended(&api).await.len(), 1);
    api.clock.advance(9 * SECOND);
    assert_eq!(pager.tended(&api).await.len(), 0, "the pause has doubled");
    discard_all(&api).await;
    *pager.is_deaf.lock().unwrap() = false;
    assert_eq!(pager.tended(&api).await, ["dead_letter/nightly over"], "it may have heard, so it is told");
}

#[tokio::test]
async fn a_test_is_an_alert_as_any_other() {
    let (api, pager) = (Api::open(), Arc::new(Pager::default()));
    let raised = api.post("/v1/alerts:test", Value::Null).await.ok(202);
    assert_eq!((&raised["key"], &raised["tries"]), (&json!("test"), &json!(0)));
    assert_eq!(listed(&api, "").await, [raised]);
    assert_eq!(pager.tended(&api).await, ["test open"]);
    api.clock.advance(60 * SECOND);
    assert_eq!(pager.tended(&api).await, ["test over"]);
}

#[tokio::test]
async fn receivers_are_told_that_no_tick_succeeds() {
    let (api, pager) = (Api::open(), Arc::new(Pager::default()));
    let mut watch = StallWatch::default();
    let receivers: Vec<Arc<dyn Receiver>> = vec![pager.clone()];
    let mut told = async |api: &Api| {
        watch.check(&api.engine, &receivers).await;
        std::mem::take(&mut *pager.heard.lock().unwrap())
    };
    api.tick(1).await;
    api.clock.advance(10 * SECOND);
    assert_eq!(told(&api).await, [""; 0]);
    api.clock.advance(SECOND);
    assert_eq!(told(&api).await, ["stalled open"]);
    api.clock.advance(60 * SECOND);
    assert_eq!(told(&api).await, [""; 0], "it knows");
    assert_eq!(listed(&api, "").await, [Value::Null; 0], "it does not need the store");
    api.tick(1).await;
    assert_eq!(told(&api).await, ["stalled over"]);
    assert_eq!(told(&api).await, [""; 0]);
    api.clock.advance(11 * SECOND);
    assert_eq!(told(&api).await, ["stalled open"], "it has come again");
}

/// Number of timers of deadlines.
async fn deadlines(api: &Api) -> usize {
    let ever = Timestamp(i64::MAX);
    let page = api.engine.ports.timers.due(0, &Position::After(Timestamp::MIN), ever, 1000).await.unwrap();
    page.timers.iter().filter(|timer| matches!(timer.key.what, What::Deadline { .. })).count()
}

#[tokio::test]
async fn a_slot_that_nobody_takes_misses_its_deadline() {
    let (api, pager) = (Api::open(), Arc::new(Pager::default()));
    let job = json!({"schedule": "1 12 * * *", "target": {"type": "empty"}, "pool": "nobody", "must_finish_by": "90s"});
    api.put("/v1/jobs/late", job).await.ok(201);
    api.tick(119).await;
    assert_eq!((pager.tended(&api).await, deadlines(&api).await), (vec![], 1));
    api.tick(1).await;
    let key = "missed_deadline/late@2026-11-23T12:01:00Z";
    assert_eq!((pager.tended(&api).await, deadlines(&api).await), (vec![format!("{key} open")], 0));
    let summary = "late@2026-11-23T12:01:00Z did not end by 2026-11-23T12:02:30Z (must_finish_by)";
    assert_eq!(listed(&api, "").await[0]["summary"], summary);
    assert_eq!(pager.tended(&api).await, [""; 0]);
    api.post("/v1/executions/late@2026-11-23T12:01:00Z:cancel", Value::Null).await.ok(200);
    assert_eq!(pager.tended(&api).await, [format!("{key} over")]);
}

#[tokio::test]
async fn what_ends_in_time_or_has_no_deadline_is_not_heard_of() {
    let api = Api::open();
    let job = |by: &str| json!({"schedule": "1 12 * * *", "target": {"type": "empty"}, "must_finish_by": by});
    let mut plain = job("10s");
    plain.as_object_mut().unwrap().remove("must_finish_by");
    api.put("/v1/jobs/plain", plain).await.ok(201);
    api.tick(40).await;
    assert_eq!(deadlines(&api).await, 0, "who wants none pays nothing");
    api.put("/v1/jobs/quick", job("10s")).await.ok(201);
    let id = "/v1/executions/quick@2026-11-24T12:01:00Z:cancel";
    api.post(id, Value::Null).await.ok(200);
    api.clock.advance((24 * 60 - 1) * 60 * SECOND);
    api.tick(60).await;
    assert_eq!(deadlines(&api).await, 0, "it was looked at");
    assert_eq!(listed(&api, "").await, [Value::Null; 0]);
}
