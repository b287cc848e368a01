//! Tests of the door: web pages in a browser on this machine can send requests too.

use axum::{
    body::{Body, Bytes},
    http::{Method, Request},
};
use futures::stream;
use serde_json::{Value, json};

use crate::support::{Answer, Api, JSON};

const PUSH: &str = r#"{"command": "id > pwned"}"#;

const ALL_METHODS: [Method; 8] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
    Method::TRACE,
];
const PATHS: [&str; 8] = [
    "/",
    "/v1/health",
    "/v1/jobs",
    "/v1/jobs/daily",
    "/v1/jobs/daily:pause",
    "/v1/executions",
    "/v1/openapi.json",
    "/metrics",
];

async fn api() -> Api {
    let api = Api::open();
    api.put("/v1/jobs/daily", json!({"schedule": "@daily", "command": "true"})).await.ok(201);
    api
}

async fn state(api: &Api) -> Vec<Value> {
    let mut state = Vec::new();
    for path in ["/v1/jobs", "/v1/executions"] {
        state.push(api.get(path).await.ok(200));
    }
    state
}

/// Checks that all methods and paths are refused, and that none changes or reveals anything.
async fn nothing_passes(headers: &[(&str, &str)], status: u16) {
    let api = api().await;
    let before = state(&api).await;
    for method in ALL_METHODS {
        for path in PATHS {
            let answer = api.call(method.clone(), path, headers, "").await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path} {headers:?}: {}", answer.text);
            assert!(!answer.text.contains("daily"), "{method} {path}: {}", answer.text);
            let allowing = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(allowing, None, "{method} {path}");
        }
    }
    assert_eq!(state(&api).await, before, "{headers:?}");
}

#[tokio::test]
async fn a_body_is_exactly_one_application_json() {
    let api = api().await;
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"utf-8\""]
    {
        api.call(Method::POST, "/v1/executions", &[("content-type", kind)], PUSH).await.ok(201);
    }
    let before = state(&api).await;
    let wrong: [&[(&str, &str)]; 14] = [
        &[],
        &[("content-type", "")],
        &[("content-type", "text/plain")],
        &[("content-type", "text/plain;charset=UTF-8")],
        &[("content-type", "text/plain; application/json")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "multipart/form-data; boundary=application/json")],
        &[("content-type", "application/json, text/plain")],
        &[("content-type", "application/json; charset=utf-8, text/plain")],
        &[("content-type", "text/plain, application/json")],
        &[("content-type", "application/merge-patch+json")],
        &[("content-type", "json")],
        &[JSON, ("content-type", "text/plain")],
        &[JSON, JSON],
    ];
    for headers in wrong {
        for (method, path) in [
            (Method::POST, "/v1/executions"),
            (Method::POST, "/v1/jobs/daily/executions"),
            (Method::POST, "/v1/jobs/daily:pause"),
            (Method::POST, "/v1/nothing"),
            (Method::PUT, "/v1/jobs/daily"),
            (Method::DELETE, "/v1/jobs/daily"),
            (Method::GET, "/v1/jobs"),
            (Method::GET, "/v1/health"),
        ] {
            let refused = api.call_bare(method.clone(), path, headers, PUSH).await;
            assert_eq!(refused.status.as_u16(), 415, "{method} {path} {headers:?}: {}", refused.text);
            assert!(refused.problem(415).contains("Content-Type: application/json"), "{}", refused.text);
        }
    }
    assert_eq!(state(&api).await, before);
}

#[tokio::test]
async fn what_has_no_body_needs_no_type() {
    let api = api().await;
    let kinds: [&[(&str, &str)]; 3] =
        [&[], &[JSON], &[("content-type", "application/x-www-form-urlencoded")]];
    for headers in kinds {
        for action in ["pause", "resume"] {
            api.call(Method::POST, &format!("/v1/jobs/daily:{action}"), headers, "").await.ok(200);
        }
        api.call(Method::POST, "/v1/jobs/daily/executions", headers, "").await.ok(201);
    }
    // Whoever announces a body sends one, even if nothing comes of it.
    let nothing = || Body::from_stream(stream::iter(Vec::<Result<Bytes, std::io::Error>>::new()));
    api.call_bare(Method::POST, "/v1/jobs/daily:pause", &[], nothing()).await.problem(415);
    api.call_bare(Method::POST, "/v1/jobs/daily:pause", &[JSON], nothing()).await.ok(200);
}

#[tokio::test]
async fn a_page_of_another_origin_gets_nothing_through() {
    for origin in [
        "http://evil.example",
        "https://127.0.0.1:7433",
        "http://127.0.0.1:8000",
        "http://127.0.0.1",
        "http://localhost:7433",
        "http://127.0.0.1:7433.evil.example",
        "http://127.0.0.1:7433@evil.example",
        "127.0.0.1:7433",
        "null",
        "",
        "http://127.0.0.1:7433, http://evil.example",
        "file://",
        "chrome-extension://abcdefgh",
    ] {
        nothing_passes(&[("origin", origin)], 403).await;
    }
    let own = ("origin", "http://127.0.0.1:7433");
    nothing_passes(&[own, ("origin", "http://evil.example")], 403).await;
    nothing_passes(&[own, own], 403).await;
    nothing_passes(&[own, ("sec-fetch-site", "cross-site")], 403).await;
}

#[tokio::test]
async fn what_the_browser_says_of_its_page_counts() {
    for site in ["cross-site", "same-site", "", "Same-Origin", "same-origin, none", "anything"] {
        nothing_passes(&[("sec-fetch-site", site)], 403).await;
    }
    nothing_passes(&[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], 403).await;
    nothing_passes(&[("sec-fetch-site", "none"), ("origin", "http://evil.example")], 403).await;
}

#[tokio::test]
async fn its_own_pages_and_typed_addresses_are_served() {
    let api = api().await;
    let own: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:7433")],
        &[("host", "localhost:9000"), ("origin", "http://localhost:9000")],
        &[("host", "localhost:80"), ("origin", "http://LOCALHOST")],
        &[("host", "[::1]:7433"), ("origin", "http://[::1]:7433")],
    ];
    for headers in own {
        api.call(Method::GET, "/v1/jobs", headers, "").await.ok(200);
        api.call(Method::POST, "/v1/jobs/daily:pause", headers, "").await.ok(200);
    }
    api.call(Method::GET, "/v1/jobs", &[("sec-fetch-site", "none")], "").await.ok(200);
}

#[tokio::test]
async fn only_its_own_names_are_answered() {
    let api = api().await;
    for host in [
        "127.0.0.1:7433",
        "127.0.0.1",
        "127.8.9.10:80",
        "localhost",
        "LocalHost:7433",
        "localhost.:7433",
        "[::1]",
        "[0:0:0:0:0:0:0:1]:7433",
        "[::ffff:127.0.0.1]:7433",
    ] {
        api.call(Method::GET, "/v1/jobs", &[("host", host)], "").await.ok(200);
    }
    for host in [
        "evil.example",
        "evil.example:7433",
        "127.0.0.1.evil.example:7433",
        "localhost.evil.example",
        "evillocalhost",
        "a.localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0:7433",
        "192.0.2.7:7433",
        "[2001:db8::1]:7433",
    ] {
        nothing_passes(&[("host", host)], 421).await;
    }
    let refused = api.call(Method::GET, "/v1/jobs", &[("host", "belfry.example:7433")], "").await;
    assert_eq!(
        refused.problem(421),
        "this API does not answer to the host belfry.example; use a loopback name, the address that the server \
         listens on, or the host of --public-url (BELFRY_PUBLIC_URL)"
    );
}

#[tokio::test]
async fn a_request_names_exactly_one_host() {
    for host in
        ["", ":7433", "user@127.0.0.1:7433", "127.0.0.1:7433/", "127.0.0.1:99999", "127.0.0.1:x", "a b"]
    {
        nothing_passes(&[("host", host)], 400).await;
    }
    nothing_passes(&[("host", "127.0.0.1"), ("host", "127.0.0.1")], 400).await;
    nothing_passes(&[("host", "127.0.0.1"), ("host", "evil.example")], 400).await;
    let api = api().await;
    let none = Request::get("/v1/jobs").body(Body::empty()).unwrap();
    assert!(api.send(none).await.problem(400).contains("Host"));
}

#[tokio::test]
async fn a_whole_address_as_the_requests_target_counts_like_a_host() {
    let api = api().await;
    let ask = async |target: &str, host: &str| -> Answer {
        let request = Request::get(target).header("host", host).body(Body::empty()).unwrap();
        api.send(request).await
    };
    let ask_without_host =
        async |target: &str| -> Answer { api.send(Request::get(target).body(Body::empty()).unwrap()).await };
    ask("http://127.0.0.1:7433/v1/jobs", "127.0.0.1:7433").await.ok(200);
    ask("http://evil.example/v1/jobs", "127.0.0.1:7433").await.problem(421);
    ask("http://127.0.0.1:7433/v1/jobs", "evil.example").await.problem(421);
    ask("http://user@127.0.0.1:7433/v1/jobs", "127.0.0.1:7433").await.problem(400);
    // As HTTP/2 has it.
    ask_without_host("http://127.0.0.1:7433/v1/jobs").await.ok(200);
    ask_without_host("http://evil.example/v1/jobs").await.problem(421);
}

#[tokio::test]
async fn it_comes_before_the_token() {
    let api = Api::guarded();
    api.call(Method::GET, "/v1/jobs", &[("host", "evil.example")], "").await.problem(421);
    api.call(Method::GET, "/v1/jobs", &[("origin", "http://evil.example")], "").await.problem(403);
    api.call_bare(Method::POST, "/v1/executions", &[], PUSH).await.problem(415);
    api.call(Method::POST, "/v1/executions", &[JSON], PUSH).await.problem(401);
}

#[tokio::test]
async fn no_answer_can_be_made_part_of_a_page() {
    let api = api().await;
    for path in ["/v1/jobs", "/v1/health", "/metrics", "/v1/nothing", "/v1/executions/none@x"] {
        let answer = api.get(path).await;
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'",
            "{path}"
        );
    }
    let refused = api.call(Method::GET, "/v1/jobs", &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(refused.header("cross-origin-resource-policy"), "same-origin");
}
