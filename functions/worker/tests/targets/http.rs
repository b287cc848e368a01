//! Tests of requests and answers.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::support::{
    EXECUTION_ID, failure, post, printed, result, run,
    server::{Server, answer},
    settings, targets, targets_with,
};

#[tokio::test]
async fn the_input_is_the_body_and_every_target_is_told_who_asks() {
    let server = Server::agreeable().await;
    let completion = run(&targets(), post(&server.url("/hook?a=1"))).await;
    assert_eq!(result(&completion), None);
    assert!(completion.output.is_none());
    let asked = &server.asked()[0];
    assert_eq!((asked.line.as_str(), asked.body.as_str()), ("POST /hook?a=1", r#"{"day":"Monday"}"#));
    for (name, value) in [
        ("content-type", "application/json"),
        ("idempotency-key", EXECUTION_ID),
        ("belfry-execution-id", EXECUTION_ID),
        ("belfry-run-id", "run-7"),
        ("belfry-attempt", "3"),
        ("belfry-fence", "3"),
        ("user-agent", concat!("belfry/", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(asked.header(name), Some(value), "{name}");
    }
    assert_eq!(asked.header("webhook-id"), None);
}

#[tokio::test]
async fn methods_without_a_body_have_none_and_headers_are_the_jobs_own() {
    let server = Server::agreeable().await;
    let headers =
        json!({"X-Team": "ops", "content-type": "text/x", "user-agent": "mine", "Idempotency-Key": "forged"});
    for (method, has_body) in
        [("GET", false), ("DELETE", false), ("POST", true), ("PUT", true), ("PATCH", true)]
    {
        run(
            &targets(),
            json!({"type": "http", "url": server.url("/"), "method": method, "headers": headers}),
        )
        .await;
        let asked = server.asked().pop().unwrap();
        assert_eq!((asked.line, !asked.body.is_empty()), (format!("{method} /"), has_body));
    }
    let asked = &server.asked()[0];
    assert_eq!(asked.header("x-team"), Some("ops"));
    assert_eq!(asked.header("content-type"), Some("text/x"));
    assert_eq!(asked.header("user-agent"), Some("mine"));
    assert_eq!(asked.header("idempotency-key"), Some(EXECUTION_ID));
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::agreeable().await;
    let targets = targets();
    for _ in 0..3 {
        run(&targets, post(&server.url("/"))).await;
    }
    assert!(server.asked().iter().all(|asked| asked.connection == 0));
}

#[tokio::test]
async fn a_json_answer_is_the_result_and_any_answer_is_output() {
    let server = Server::start(|asked| match asked.line.as_str() {
        "POST /json" => {
            answer("201 Created", "content-type: application/json; charset=utf-8\r\n", r#"{"rows":3}"#)
        }
        "POST /broken" => answer("200 OK", "content-type: application/json\r\n", "{"),
        "POST /large" => {
            answer("200 OK", "content-type: application/json\r\n", &format!("\"{}\"", "x".repeat(64 * 1024)))
        }
        _ => answer("200 OK", "content-type: text/plain\r\n", "3 rows"),
    })
    .await;
    let targets = targets();
    let completion = run(&targets, post(&server.url("/json"))).await;
    assert_eq!(result(&completion), Some(json!({"rows": 3})));
    assert_eq!(printed(&completion), r#"{"rows":3}"#);
    for path in ["/text", "/broken", "/large"] {
        assert_eq!(result(&run(&targets, post(&server.url(path))).await), None, "{path}");
    }
    let completion = run(&targets, post(&server.url("/large"))).await;
    assert_eq!(completion.output.unwrap().bytes, 64 * 1024 + 2);
}

#[tokio::test]
async fn a_huge_body_is_not_read_to_its_end() {
    let server = Server::start(|_| answer("200 OK", "", &"z".repeat(20_000_000))).await;
    let output = run(&targets(), post(&server.url("/"))).await.output.unwrap();
    assert_eq!(output.tail.len(), 4096);
    assert!(output.bytes >= 1024 * 1024 && output.bytes < 2 * 1024 * 1024, "{}", output.bytes);
}

#[tokio::test]
async fn statuses_decide_over_another_try() {
    let server = Server::start(|asked| {
        let status = asked.line.trim_start_matches("POST /").to_owned() + " Said So";
        answer(&status, "retry-after: 7\r\n", "first\nthe reason\n")
    })
    .await;
    let targets = targets();
    let wait = Some(Duration::from_secs(7));
    for (status, is_final, retry_after) in [
        (503, false, wait),
        (429, false, wait),
        (500, false, None),
        (408, false, None),
        (425, false, None),
        (400, true, None),
        (404, true, None),
        (422, true, None),
        (304, true, None),
        (302, true, None),
    ] {
        let completion = run(&targets, post(&server.url(&format!("/{status}")))).await;
        let failure = failure(&completion);
        assert_eq!((failure.is_final, failure.retry_after), (is_final, retry_after), "{}", failure.error);
        assert!(failure.error.starts_with(&format!("HTTP {status} ")), "{}", failure.error);
    }
    let completion = run(&targets, post(&server.url("/404"))).await;
    assert_eq!(failure(&completion).error, "HTTP 404 Not Found: the reason");
    assert_eq!(printed(&completion), "first\nthe reason\n");
}

#[tokio::test]
async fn a_page_of_html_is_no_reason() {
    let server = Server::start(|_| answer("502 Bad Gateway", "content-type: text/html\r\n", "<html>")).await;
    assert_eq!(failure(&run(&targets(), post(&server.url("/"))).await).error, "HTTP 502 Bad Gateway");
}

#[tokio::test]
async fn a_signed_request_can_be_verified() {
    let server = Server::agreeable().await;
    let secret = STANDARD.encode(b"0123456789abcdef01234567");
    let targets = targets_with(settings(), &[("HOOK_KEY", &format!("whsec_{secret}"))]);
    result(
        &run(&targets, json!({"type": "http", "url": server.url("/"), "signing_key": "env:HOOK_KEY"})).await,
    );
    let asked = &server.asked()[0];
    let header = |name| asked.header(name).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"0123456789abcdef01234567").unwrap();
    mac.update(format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), asked.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), expected);
    assert_eq!(header("webhook-id"), EXECUTION_ID);
}

#[tokio::test]
async fn what_is_wrong_with_the_job_is_final_and_named() {
    let targets = targets_with(settings(), &[("BAD_KEY", "s3cret")]);
    let keyed = |key: &str| json!({"type": "http", "url": "http://127.0.0.1/", "signing_key": key});
    let headed = |name: &str, value: &str| json!({"type": "http", "url": "http://127.0.0.1/", "headers": {name: value}});
    for (target, expected) in [
        (keyed("env:HOOK_KEY"), "variable HOOK_KEY is not set on this worker"),
        (keyed("env:BAD_KEY"), "variable BAD_KEY on this worker: not a signing key"),
        (keyed("whsec_s3cret"), "signing_key must be env:NAME"),
        (headed("a b", "c"), "header \"a b\" is not a valid HTTP header"),
        (headed("a", "b\r\nc: d"), "header \"a\" is not a valid HTTP header"),
        (headed("Transfer-Encoding", "chunked"), "belongs to the connection"),
        (post("no url"), "the url is not valid"),
        (post("file:///etc/passwd"), "only http: and https:"),
    ] {
        let failed = failure(&run(&targets, target).await);
        assert!(failed.is_final && failed.error.contains(expected), "{} / {expected}", failed.error);
        assert!(!failed.error.contains("s3cret"));
    }
}
