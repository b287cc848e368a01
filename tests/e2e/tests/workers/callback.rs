//! A target that answers 202 and calls back.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use belfry_e2e::{Server, Up, until};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{SOON, outcomes, until_it_is};

type Asked = Arc<Mutex<Vec<HeaderMap>>>;

struct Studio {
    server: Server,
    asked: Asked,
    url: String,
    _data: TempDir,
}

async fn take(State(asked): State<Asked>, headers: HeaderMap) -> StatusCode {
    asked.lock().unwrap().push(headers);
    StatusCode::ACCEPTED
}

impl Studio {
    async fn begin() -> Self {
        let asked = Asked::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jobs", listener.local_addr().unwrap());
        let router = Router::new().route("/jobs", post(take)).with_state(asked.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let data = TempDir::new().unwrap();
        let server = Up::on(data.path()).args(["--allow-private-addresses"]).start_leader().await;
        Self { server, asked, url, _data: data }
    }

    async fn push(&self, more: Value) -> String {
        let target = json!({"type": "http", "url": self.url, "completion": "callback"});
        let mut push = json!({"name": "transcode", "target": target});
        push.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.server.api.post("/v1/executions", &push).await["execution_id"].as_str().unwrap().to_owned()
    }

    /// Waits for the request of this number; returns its callback address and token.
    async fn asked(&self, number: usize) -> (String, String) {
        let headers =
            until("it is asked", SOON, async || self.asked.lock().unwrap().get(number).cloned()).await;
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        (header("belfry-callback-url"), header("belfry-callback-token"))
    }

    async fn call_back(&self, (url, token): &(String, String), more: Value) -> (u16, Value) {
        let mut body = json!({"token": token});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = url.strip_prefix(self.server.url()).expect("it is this server's");
        let answer = self.server.api.try_post(path, &body).await.unwrap();
        (answer.status, answer.body)
    }
}

pub async fn it_ends_when_the_target_says_so() {
    let studio = Studio::begin().await;
    let id = studio.push(json!({"timeout": "1h"})).await;
    let callback = studio.asked(0).await;
    until("its worker is free", SOON, async || {
        let stats = studio.server.api.get("/v1/stats").await;
        (stats["worker_utilisation"]["running"] == 0).then_some(())
    })
    .await;
    assert_eq!(studio.server.api.execution(&id).await["status"], "running");
    let end = json!({"status": "success", "result": {"frames": 24}, "output": "done"});
    assert_eq!(studio.call_back(&callback, end.clone()).await.0, 200);
    assert_eq!(studio.call_back(&callback, end).await.0, 200, "said once more");
    let row = until_it_is(&studio.server, &id, "success", SOON).await;
    assert_eq!((&row["result"], outcomes(&row)), (&json!({"frames": 24}), vec!["succeeded"]));
    assert_eq!(row["attempts"][0]["output"]["tail"], "done");
}

pub async fn it_times_out_when_the_target_says_nothing_and_is_retried() {
    let studio = Studio::begin().await;
    let retry = json!({"max_retries": 1, "base": "100ms"});
    let id = studio.push(json!({"timeout": "10s", "retry": retry})).await;
    let first = studio.asked(0).await;
    let second = studio.asked(1).await;
    let late = studio.call_back(&first, json!({"status": "success"})).await;
    assert_eq!(late.0, 409, "{}", late.1);
    let end = json!({"status": "failed", "error": "no codec", "final": true});
    assert_eq!(studio.call_back(&second, end).await.0, 200);
    let row = until_it_is(&studio.server, &id, "failed", SOON).await;
    assert_eq!((outcomes(&row), &row["reason"]), (vec!["timed_out", "failed"], &json!("no codec")));
}

pub async fn cancelling_needs_nobody() {
    let studio = Studio::begin().await;
    let id = studio.push(json!({})).await;
    let callback = studio.asked(0).await;
    studio.server.run(&["cancel", &id]).await.ok();
    until_it_is(&studio.server, &id, "cancelled", SOON).await;
    let (status, row) = studio.call_back(&callback, json!({"status": "success"})).await;
    assert_eq!((status, &row["status"]), (200, &json!("cancelled")), "the first word stands: {row}");
}
