//! Targets by script: what an attempt does follows from the seed, the execution and the attempt.

use async_trait::async_trait;
use belfry_domain::{ClaimToken, ExecutionId, Progress};
use belfry_engine::ports::{Completion, Ending, Invocation, Live, Output, Runner, Stop};
use futures::future::{Either, select};
use std::{pin::pin, sync::Arc, time::Duration};

use crate::{
    machine::{
        ProcessId, State, World,
        network::{Call, Says},
        rng::Rng,
    },
    processes::elsewhere::post,
    shadow::Running,
};

pub struct ScriptedRunner {
    pub world: World,
    pub process: ProcessId,
}

#[derive(Debug, Clone, Copy)]
enum Script {
    Succeed,
    Fail { retry_after_ms: Option<u64> },
    FailForGood,
    Hang,
    HangRegardless,
    HandOver,
}

/// Part of the names of jobs that fail more often than they succeed.
pub const FLAKY: &str = "flaky";

/// Script of an attempt: how it ends, after how long, and the name that it is counted under.
fn script(seed: u64, id: &ExecutionId, attempt: u32) -> (Script, u64, &'static str) {
    let mut rng = Rng::of(seed, &[id.as_str()], u64::from(attempt));
    let failures = if id.as_str().contains(FLAKY) { 60 } else { 12 };
    let quick_ms = if rng.percent(50) { 0 } else { rng.below(3_000) };
    if rng.percent(failures) {
        let retry_after_ms = rng.percent(10).then(|| rng.between(1, 30_000));
        return (Script::Fail { retry_after_ms }, quick_ms, "attempt: fails");
    }
    match rng.below(100) {
        0..3 => (Script::FailForGood, quick_ms, "attempt: fails for good"),
        3..6 => (Script::Hang, 0, "attempt: hangs"),
        6..7 => (Script::HangRegardless, 0, "attempt: hangs and ignores the stop"),
        12..20 => (Script::HandOver, quick_ms, "attempt: is handed over"),
        7..12 => (Script::Succeed, rng.between(20_000, 100_000), "attempt: runs long"),
        _ => (Script::Succeed, quick_ms, "attempt: succeeds"),
    }
}

/// Progress that a running attempt reports.
struct HalfDone;

impl Live for HalfDone {
    fn progress(&self) -> Option<Progress> {
        Some(Progress::new(Some(50.0), Some("half of it")))
    }

    fn output(&self) -> Option<Output> {
        Some(Output { tail: "half".to_owned(), bytes: 4, log: None })
    }
}

/// Takes note of an attempt's end, whether the attempt returns or is dropped.
struct Presence {
    world: World,
    running: Running,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.world.with(|state| state.attempt_ends(&self.running));
    }
}

#[async_trait]
impl Runner for ScriptedRunner {
    async fn run(&self, invocation: Invocation) -> Completion {
        let (id, attempt) = (invocation.execution_id, invocation.attempt);
        let running = Running { id: id.clone(), attempt, process: self.process };
        let (script, after_ms, _) = self.world.with(|state| {
            state.attempt_starts(running.clone());
            let script = script(state.seed, &id, attempt);
            state.coverage.add(script.2);
            script
        });
        if matches!(script, Script::HandOver) {
            self.world.with(|state| state.will_call_back(&id, invocation.token));
        }
        invocation.window.show(Arc::new(HalfDone));
        let _presence = Presence { world: self.world.clone(), running };
        self.world.yield_some().await;
        if self.stopped_within(after_ms, &invocation.stop).await {
            return Completion::failed("told to stop");
        }
        if !matches!(script, Script::Hang | Script::HangRegardless | Script::HandOver) {
            self.world.with(|state| state.shadow.attempts.complete(&id, attempt));
        }
        self.end(script, &invocation.stop).await
    }
}

impl ScriptedRunner {
    async fn stopped_within(&self, ms: u64, stop: &Stop) -> bool {
        let done = pin!(self.world.sleep_ms(ms));
        let told = pin!(stop.cancelled());
        matches!(select(told, done).await, Either::Left(_))
    }

    async fn end(&self, script: Script, stop: &Stop) -> Completion {
        match script {
            Script::Succeed => {
                Completion::succeeded(Some(serde_json::json!({ "rows": 3, "list": ["a", "b", "c"] })))
            }
            Script::Fail { retry_after_ms } => {
                let retry_after = retry_after_ms.map(Duration::from_millis);
                let ending =
                    Ending::Failed { error: "failed by script".to_owned(), is_final: false, retry_after };
                Completion { ending, output: Some(Output { tail: "oops".to_owned(), bytes: 4, log: None }) }
            }
            Script::FailForGood => Completion::failed_for_good("failed for good by script"),
            Script::Hang => {
                stop.cancelled().await;
                self.world.sleep_ms(500).await;
                Completion::failed("told to stop")
            }
            Script::HangRegardless => std::future::pending().await,
            Script::HandOver => Completion::handed_over(),
        }
    }
}

impl State {
    /// Plans the callback of a target: before the target has answered, soon, late, or never.
    fn will_call_back(&mut self, id: &ExecutionId, token: ClaimToken) {
        self.shadow.attempts.leave(id, token.attempt);
        let says = if self.rng.percent(70) { Says::Succeeded } else { Says::Failed };
        let after_ms = match self.rng.below(10) {
            0 => {
                self.coverage.add("elsewhere: a target never calls back");
                return;
            }
            1..4 => self.rng.below(500),
            _ => self.rng.below(60_000),
        };
        post(self, &Call { id: id.clone(), token, says }, after_ms);
    }
}
