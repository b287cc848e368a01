//! Tests of each receiver against a local server that keeps the requests.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

mod server;

use std::collections::BTreeMap;

use belfry_alerts::{AlertSettings, Receivers, SigningKey};
use belfry_engine::ports::{Alert, AlertRow, Notice};
use serde_json::{Value, json};

use self::server::Server;

const KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn receivers(settings: Value, variables: &[(&str, &str)]) -> Result<Receivers, String> {
    let settings: AlertSettings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    #[cfg(feature = "aws")]
    let made = settings.receivers(&variable, &access(None));
    #[cfg(not(feature = "aws"))]
    let made = settings.receivers(&variable);
    made.map_err(|error| error.to_string())
}

#[cfg(feature = "aws")]
fn access(endpoint: Option<String>) -> belfry_alerts::AwsAccess {
    let credentials = aws_credential_types::Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let credentials = Some(aws_credential_types::provider::SharedCredentialsProvider::new(credentials));
    belfry_alerts::AwsAccess { endpoint, credentials }
}

fn one(settings: &Value) -> Receivers {
    receivers(json!({ "installation": "nightly", "receivers": [settings] }), &[("KEY", KEY)]).unwrap()
}

fn opened() -> AlertRow {
    let reason = "exit code 3: <!channel> & more".to_owned();
    let alert = Alert::DeadLetter { id: "report@2026-11-23T00:00:00Z".parse().unwrap(), reason };
    AlertRow::opened(&alert, "2026-11-23T00:05:00Z".parse().unwrap())
}

fn resolved() -> AlertRow {
    AlertRow { resolved_at: Some("2026-11-23T01:00:00Z".parse().unwrap()), ..opened() }
}

fn data() -> Value {
    json!({
        "installation": "nightly", "key": "dead_letter/report", "kind": "dead_letter", "severity": "error",
        "summary": "report@2026-11-23T00:00:00Z failed for good: exit code 3: <!channel> & more",
        "job_id": "report", "execution_id": "report@2026-11-23T00:00:00Z", "opened_at": "2026-11-23T00:05:00Z",
    })
}

/// Requests that a receiver gets for an alert's beginning and its end, in this order.
async fn told(receivers: &Receivers, server: &Server) -> [server::Request; 2] {
    let [receiver] = &receivers[..] else { panic!("one receiver") };
    receiver.tell(&Notice::of(opened())).await.unwrap();
    receiver.tell(&Notice::of(resolved())).await.unwrap();
    server.requests().try_into().unwrap()
}

#[tokio::test]
async fn a_webhook_gets_signed_events() {
    let server = Server::start(200).await;
    let webhook = one(&json!({ "type": "webhook", "url": server.url("/hook"), "signing_key": "env:KEY" }));
    let requests = told(&webhook, &server).await;
    let mut over = data();
    over["resolved_at"] = json!("2026-11-23T01:00:00Z");
    let expected = [
        json!({ "type": "alert.opened", "timestamp": "2026-11-23T00:05:00Z", "data": data() }),
        json!({ "type": "alert.resolved", "timestamp": "2026-11-23T01:00:00Z", "data": over }),
    ];
    let opened_at = opened().opened_at.0;
    for ((request, expected), what) in requests.iter().zip(expected).zip(["opened", "resolved"]) {
        assert_eq!((request.path.as_str(), request.json()), ("/hook", expected));
        let id = request.header("webhook-id");
        assert_eq!(id, format!("dead_letter/report/{opened_at}/{what}"));
        let timestamp: i64 = request.header("webhook-timestamp").parse().unwrap();
        let signature = SigningKey::parse(KEY).unwrap().sign(id, timestamp, request.body.as_bytes());
        assert_eq!(request.header("webhook-signature"), signature);
    }
}

/// The alert stands for three by then, and has come back.
#[tokio::test]
async fn a_notice_that_comes_again_is_another_event() {
    let server = Server::start(200).await;
    let webhook = one(&json!({ "type": "webhook", "url": server.url("/hook"), "signing_key": "env:KEY" }));
    let instant = |text: &str| text.parse().unwrap();
    let again = AlertRow {
        repeats: 2,
        members: Some(3),
        last_at: instant("2026-11-24T00:05:00Z"),
        announced_at: Some(instant("2026-11-24T00:05:30Z")),
        ..opened()
    };
    webhook[0].tell(&Notice::of(again)).await.unwrap();
    let [request] = &server.requests()[..] else { panic!("one request") };
    let mut expected = data();
    let more = json!({ "repeats": 2, "members": 3, "last_at": "2026-11-24T00:05:00Z" });
    expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let expected = json!({ "type": "alert.opened", "timestamp": "2026-11-24T00:05:30Z", "data": expected });
    assert_eq!(request.json(), expected);
    let id = format!("dead_letter/report/{}/opened/2", opened().opened_at.0);
    assert_eq!(request.header("webhook-id"), id);
}

#[tokio::test]
async fn pagerduty_gets_a_trigger_and_a_resolve_under_one_key() {
    let server = Server::start(202).await;
    let pagerduty =
        one(&json!({ "type": "pagerduty", "routing_key": "R0", "url": server.url("/v2/enqueue") }));
    let [trigger, resolve] = told(&pagerduty, &server).await.map(|request| request.json());
    assert_eq!(
        trigger,
        json!({
            "routing_key": "R0", "event_action": "trigger", "dedup_key": "nightly/dead_letter/report",
            "client": "Belfry",
            "payload": {
                "summary": "report@2026-11-23T00:00:00Z failed for good: exit code 3: <!channel> & more",
                "source": "nightly", "severity": "error", "timestamp": "2026-11-23T00:05:00Z",
                "component": "report", "class": "dead_letter", "custom_details": data(),
            },
        })
    );
    let expected =
        json!({ "routing_key": "R0", "event_action": "resolve", "dedup_key": "nightly/dead_letter/report" });
    assert_eq!(resolve, expected);
}

#[tokio::test]
async fn slack_gets_a_line_that_calls_nobody() {
    let server = Server::start(200).await;
    let slack = one(&json!({ "type": "slack", "url": server.url("/services/T0/B0/secret") }));
    let texts = told(&slack, &server).await.map(|request| request.json());
    let summary = "report@2026-11-23T00:00:00Z failed for good: exit code 3: &lt;!channel&gt; &amp; more\n`dead_letter/report`";
    assert_eq!(texts[0], json!({ "text": format!(":rotating_light: *nightly* error: {summary}") }));
    assert_eq!(texts[1], json!({ "text": format!(":white_check_mark: *nightly* resolved: {summary}") }));
}

#[cfg(feature = "aws")]
#[tokio::test]
async fn a_topic_gets_what_cloudwatch_does_not_tell_it() {
    let server = Server::start(200).await;
    let settings = json!({ "installation": "nightly", "receivers": [
        { "type": "sns", "topic_arn": "arn:aws:sns:eu-west-1:123456789012:alerts", "except": ["quarantined"] }] });
    let settings: AlertSettings = serde_json::from_value(settings).unwrap();
    let topic = settings.receivers(&|_| None, &access(Some(server.url("")))).unwrap();
    let [opened, _] = told(&topic, &server).await;
    let fields: BTreeMap<String, String> =
        form_urlencoded::parse(opened.body.as_bytes()).into_owned().collect();
    assert_eq!((fields["Action"].as_str(), fields["Version"].as_str()), ("Publish", "2010-03-31"));
    assert_eq!(fields["TopicArn"], "arn:aws:sns:eu-west-1:123456789012:alerts");
    assert_eq!(fields["Subject"], "nightly error: dead_letter/report");
    assert_eq!(fields["MessageAttributes.entry.1.Value.StringValue"], "dead_letter");
    let message: Value = serde_json::from_str(&fields["Message"]).unwrap();
    assert_eq!((&message["type"], &message["data"]), (&json!("alert.opened"), &data()));
    let authorization = opened.header("authorization");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(authorization.contains("/eu-west-1/sns/aws4_request"), "{authorization}");
    let broken = Alert::Quarantined { what: "a row".to_owned(), why: "nonsense".to_owned() };
    topic[0].tell(&Notice::of(AlertRow::opened(&broken, belfry_domain::Timestamp(0)))).await.unwrap();
    assert_eq!(server.requests().len(), 0, "that one is an alarm of CloudWatch's");
}

#[tokio::test]
async fn a_refusal_is_told_without_the_secret() {
    let server = Server::start(403).await;
    let slack = one(&json!({ "type": "slack", "url": server.url("/services/T0/B0/secret") }));
    let refused = slack[0].tell(&Notice::of(opened())).await.unwrap_err();
    assert_eq!(refused, "HTTP 403");
    let nobody = one(&json!({ "type": "slack", "url": "http://127.0.0.1:1/secret" }));
    let unreachable = nobody[0].tell(&Notice::of(opened())).await.unwrap_err();
    assert!(!unreachable.contains("secret") && !unreachable.is_empty(), "{unreachable}");
}

#[test]
fn what_is_wrong_is_named_and_no_secret_shown() {
    let error = |receiver: Value| {
        receivers(json!({ "receivers": [receiver] }), &[("BAD", "top-secret")]).err().unwrap()
    };
    let webhook =
        |key: &str| error(json!({ "type": "webhook", "url": "https://a.example", "signing_key": key }));
    assert_eq!(webhook("env:NONE"), "receiver webhook: the variable NONE is not set");
    assert_eq!(
        webhook("env:BAD"),
        "receiver webhook: not a signing key: expected whsec_ and the key in base64"
    );
    assert_eq!(
        error(json!({ "type": "slack", "url": "env:BAD" })),
        "receiver slack: the url must begin with https:// or http://"
    );
    assert!(error(json!({ "type": "pager" })).contains("unknown variant `pager`"));
    let slack = json!({ "type": "slack", "url": "https://hooks.example/secret" });
    let names = receivers(json!({ "receivers": [slack, slack] }), &[]).unwrap();
    assert_eq!(names.iter().map(|receiver| receiver.name()).collect::<Vec<_>>(), ["slack", "slack-2"]);
    let shown: AlertSettings = serde_json::from_value(json!({ "receivers": [slack] })).unwrap();
    assert!(!format!("{shown:?}").contains("secret"), "{shown:?}");
}
