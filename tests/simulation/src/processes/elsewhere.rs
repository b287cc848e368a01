//! Attempts of workers and targets outside, which call in, and the process that takes their calls.

use std::time::Duration;

use belfry_domain::Message;
use belfry_engine::{
    EngineError, LeaseRequest,
    ports::{Completion, StoreError},
};
use serde_json::json;

use super::Node;
use crate::{
    faults::{CALL, Delivery},
    machine::{
        State,
        network::{Call, Parcel, Says},
    },
};

const LEASE_MS: u64 = 30_000;
const BEAT_MS: u64 = 10_000;
/// Milliseconds before an unanswered call is made again.
const AGAIN_MS: u64 = 1_000;

impl Node {
    /// Claims for a worker outside, as the API does, instead of running the attempt here.
    pub(super) async fn lease(self, message: Message) {
        let request = LeaseRequest {
            pool: message.pool.clone(),
            worker_id: self.name.clone(),
            limit: 1,
            wait: Duration::ZERO,
            lease: Duration::from_millis(LEASE_MS),
        };
        let leased = self.report("lease", self.engine.lease_message(&message, &request).await).flatten();
        let Some(leased) = leased else { return };
        self.note(|| format!("LEASED {} #{}", message.execution_id, message.attempt));
        self.world.with(|state| {
            state.leaves(&leased.execution.id, leased.token.attempt);
            let is_silent = state.rng.percent(if state.faults.served_from_ms > 0 { 40 } else { 10 });
            let says = if state.rng.percent(70) { Says::Succeeded } else { Says::Failed };
            let takes_ms =
                if state.rng.percent(70) { state.rng.below(5_000) } else { state.rng.below(90_000) };
            let call = |says| Call { id: leased.execution.id.clone(), token: leased.token, says };
            for beat_ms in (BEAT_MS..takes_ms).step_by(BEAT_MS as usize) {
                post(state, &call(Says::StillRunning), beat_ms);
            }
            if is_silent {
                state.coverage.add("elsewhere: a worker vanishes");
            } else {
                post(state, &call(says), takes_ms);
            }
        });
    }

    pub(super) async fn answer_calls(self) {
        loop {
            let call = self.world.receive_call().await;
            self.start(self.clone().answer(call));
        }
    }

    async fn answer(self, call: Call) {
        let Call { id, token, says } = &call;
        self.note(|| format!("hears of {id} #{}: {says:?}", token.attempt));
        let completion = match says {
            Says::StillRunning => {
                let lease = Duration::from_millis(LEASE_MS);
                let outcome = self.engine.heartbeat(id, *token, lease, None).await.map(drop);
                return self.answered(call, outcome);
            }
            Says::Succeeded => Completion::succeeded(Some(json!({ "rows": 4 }))),
            Says::Failed => Completion::failed("failed elsewhere"),
        };
        let outcome = self.engine.finish_elsewhere(id, *token, completion).await.map(drop);
        self.answered(call, outcome);
    }

    fn answered(&self, call: Call, outcome: Result<(), EngineError>) {
        self.world.with(|state| {
            state.coverage.add(match (&outcome, call.says) {
                (Ok(()), Says::StillRunning) => "elsewhere: a lease is renewed",
                (Ok(()), _) => "elsewhere: an end is told",
                (Err(EngineError::Conflict(_)), _) => "elsewhere: a call is refused",
                (Err(_), _) => "elsewhere: a call is not answered",
            });
            if let Err(EngineError::Store(StoreError::Unavailable(_))) = outcome {
                state.post(Parcel::Call(call), AGAIN_MS);
            }
        });
        self.report("call", outcome);
    }
}

/// Posts a call that is made after `after_ms` milliseconds. The call may get lost, or be made twice.
pub fn post(state: &mut State, call: &Call, after_ms: u64) {
    for delay_ms in Delivery::draw(state, &CALL).delays_ms {
        state.post(Parcel::Call(call.clone()), after_ms + delay_ms);
    }
}
