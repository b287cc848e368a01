//! Access with and without a token.

use std::path::Path;

use belfry_e2e::{Answer, Server, Up, run};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

async fn guarded(data: &Path) -> Server {
    let server = Up::on(data).args(["--require-token"]).start().await;
    server.until_it_leads(std::time::Duration::from_secs(10)).await;
    server
}

async fn token(data: &Path, action: &[&str]) -> String {
    let data = data.to_str().unwrap();
    run(&[&["token", "--data", data], action].concat()).await.ok().out().trim().to_owned()
}

async fn call(server: &Server, method: Method, path: &str, authorization: Option<&str>) -> Answer {
    let mut request = server.api.request(method, path);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let request = request.header("content-type", "application/json").body(json!({}).to_string());
    server.api.send(request).await.unwrap()
}

pub async fn without_a_token_that_is_known_everything_but_health_is_401() {
    let data = TempDir::new().unwrap();
    let server = guarded(data.path()).await;
    let good = token(data.path(), &["create", "good"]).await;
    let gone = token(data.path(), &["create", "gone"]).await;
    token(data.path(), &["revoke", "gone"]).await;
    let shortened = &good[..good.len() - 1];
    let wrong = ["Bearer wrong", "Bearer", "Basic dXNlcjpwYXNz", &good, &format!("Basic {good}")]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("Bearer {shortened}"), format!("Bearer {gone}"), format!("Bearer {good}x")]);
    let wrong: Vec<String> = wrong.collect();
    let calls = [
        (Method::GET, "/v1/jobs"),
        (Method::GET, "/metrics"),
        (Method::GET, "/v1/stats"),
        (Method::PUT, "/v1/jobs/a"),
        (Method::POST, "/v1/jobs:apply"),
        (Method::DELETE, "/v1/jobs/a"),
        (Method::POST, "/v1/executions"),
    ];
    for (method, path) in calls {
        for authorization in [None].into_iter().chain(wrong.iter().map(|text| Some(text.as_str()))) {
            let answer = call(&server, method.clone(), path, authorization).await;
            assert_eq!(answer.status, 401, "{method} {path} {authorization:?}: {}", answer.body);
            assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"));
            assert_eq!(answer.body["type"], "urn:belfry:problem:unauthorized");
        }
    }
    assert_eq!(call(&server, Method::GET, "/v1/health", None).await.status, 200);
    let allowed = format!("bearer {good}");
    let jobs = call(&server, Method::GET, "/v1/jobs", Some(&allowed)).await;
    assert_eq!((jobs.status, &jobs.body["items"]), (200, &json!([])), "nothing came of all those calls");
}

pub async fn commands_say_how_to_get_one() {
    let data = TempDir::new().unwrap();
    let server = guarded(data.path()).await;
    let good = token(data.path(), &["create", "good"]).await;
    for args in [&["jobs"][..], &["jobs", "--token", "wrong"], &["push", "--empty", "--token", "wrong"]] {
        let refused = server.run(args).await.with_code(1);
        assert!(
            refused.err().contains("401") && refused.err().contains("belfry token create"),
            "{}",
            refused.err()
        );
    }
    server.run(&["push", "--empty", "--wait", "--token", &good]).await.ok();
    assert!(!token(data.path(), &["list"]).await.contains(&good), "it was told once");
}
