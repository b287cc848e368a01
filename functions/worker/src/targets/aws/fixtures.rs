use std::time::Duration;

use belfry_domain::{ClaimToken, Target};
use belfry_engine::ports::{Invocation, Stop, Window};
use serde_json::Value;

pub fn invocation(input: Value) -> Invocation {
    Invocation {
        execution_id: "nightly@2026-11-23T00:00:00Z".parse().expect("a valid id"),
        run_id: "run".to_owned(),
        attempt: 2,
        token: ClaimToken { attempt: 2, claim_id: 7 },
        target: Target::Empty {},
        input,
        timeout: Duration::from_secs(60),
        stop: Stop::new(),
        window: Window::default(),
    }
}
