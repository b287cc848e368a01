//! Alerts, from the worker that raises one to the topic to which the tick sends it.

use std::time::Duration;

use axum::http::StatusCode;
use belfry_e2e::until;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    installation::{Installation, SOON, installation},
    receiver::Receiver,
    recovery::RECOVERED,
};

const KEY: &str = "dead_letter/alarming";

fn is_gone(_: usize) -> (StatusCode, Duration) {
    (StatusCode::GONE, Duration::ZERO)
}

pub async fn a_dead_letter_is_told_of_until_it_is_dealt_with() {
    let belfry = installation().await;
    let receiver = Receiver::start(is_gone).await;
    let push = json!({ "name": "alarming", "target": { "type": "http", "url": receiver.url } });
    let id = belfry.push(push).await;
    belfry.until_it_is(&id, "failed", SOON).await;
    // The topic has taken it: the tick's role may publish there.
    let told =
        until_alert(belfry, |alert| alert["told"].as_array().is_some_and(|told| !told.is_empty())).await;
    assert_eq!((&told["state"], &told["told"]), (&json!("open"), &json!(["sns"])), "{told}");
    assert_eq!(told["execution_id"], id.as_str());
    let discard = belfry.api.request(Method::DELETE, &format!("/v1/dead-letters/{id}"));
    let discarded = belfry.api.answer(discard).await;
    // Asked again, there is none any more.
    assert!(matches!(discarded.status, 204 | 404), "{}", discarded.body);
    let over = until_alert(belfry, |alert| alert["state"] == "resolved" && alert["told"] == json!([])).await;
    assert!(over["resolved_at"].is_string(), "{over}");
}

async fn until_alert(belfry: &Installation, is_so: impl Fn(&Value) -> bool) -> Value {
    until("an alert that is told of", RECOVERED, async || {
        let alerts = belfry.api.get("/v1/alerts").await["items"].as_array().cloned()?;
        alerts.into_iter().find(|alert| alert["key"] == KEY && is_so(alert))
    })
    .await
}
