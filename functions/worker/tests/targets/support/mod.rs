//! Helpers that the tests of the targets share. None of them waits without a bound.

pub mod server;

use std::{future::Future, time::Duration};

use belfry_domain::{ClaimToken, Target};
use belfry_engine::ports::{Completion, Ending, Invocation, Runner, Stop, Window};
use belfry_worker::targets::{Environment, TargetSettings, Targets};
use serde_json::{Value, json};

pub const EXECUTION_ID: &str = "report@2026-11-23T00:00:00Z";
/// Time limit, far above what any test takes, on a busy machine too.
pub const BOUND: Duration = Duration::from_secs(30);

pub fn settings() -> TargetSettings {
    TargetSettings { allow_commands: true, allow_private_addresses: true, ..TargetSettings::default() }
}

pub fn targets() -> Targets {
    Targets::new(settings()).unwrap()
}

pub fn targets_with(settings: TargetSettings, variables: &[(&str, &str)]) -> Targets {
    let environment: Environment = variables.iter().copied().collect();
    Targets::with_environment(settings, environment).unwrap()
}

pub fn invocation(target: Value) -> Invocation {
    let target: Target = serde_json::from_value(target).unwrap();
    Invocation {
        execution_id: EXECUTION_ID.parse().unwrap(),
        run_id: "run-7".to_owned(),
        attempt: 3,
        token: ClaimToken { attempt: 3, claim_id: 7 },
        target,
        input: json!({"day": "Monday"}),
        timeout: Duration::from_secs(60),
        stop: Stop::new(),
        window: Window::default(),
    }
}

pub fn post(url: &str) -> Value {
    json!({"type": "http", "url": url})
}

pub async fn run(targets: &Targets, target: Value) -> Completion {
    bounded(targets.run(invocation(target))).await
}

pub async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, future).await.expect("in time")
}

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..BOUND.as_millis() / 5 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}

pub struct Failure {
    pub error: String,
    pub is_final: bool,
    pub retry_after: Option<Duration>,
}

pub fn failure(completion: &Completion) -> Failure {
    match completion.ending.clone() {
        Ending::Failed { error, is_final, retry_after } => Failure { error, is_final, retry_after },
        other => panic!("{other:?}"),
    }
}

pub fn result(completion: &Completion) -> Option<Value> {
    match &completion.ending {
        Ending::Succeeded { result } => result.clone(),
        other => panic!("{other:?}"),
    }
}

pub fn printed(completion: &Completion) -> &str {
    completion.output.as_ref().map_or("", |output| &output.tail)
}
