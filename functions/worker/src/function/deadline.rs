//! Runner that stops attempts before the function's time is over. Lambda ends a function without
//! notice; an attempt that is stopped before has its failure written, with the reason.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use belfry_domain::HumanDuration;
use belfry_engine::ports::{Completion, Invocation, Runner};
use tokio::time::Instant;

pub struct UntilDeadline {
    runner: Arc<dyn Runner>,
    time: Duration,
    deadline: Instant,
}

impl UntilDeadline {
    pub fn new(runner: Arc<dyn Runner>, time: Duration) -> Self {
        Self { runner, time, deadline: Instant::now() + time }
    }
}

#[async_trait]
impl Runner for UntilDeadline {
    async fn run(&self, invocation: Invocation) -> Completion {
        let stop = invocation.stop.clone();
        tokio::select! {
            biased;
            completion = self.runner.run(invocation) => completion,
            () = tokio::time::sleep_until(self.deadline) => {
                stop.cancel();
                let time = HumanDuration(Duration::from_secs(self.time.as_secs()));
                Completion::failed(format!(
                    "stopped after {time}, the time limit of the worker function; run longer work in a `pool` with daemons (`belfry worker`)"
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use belfry_domain::{ClaimToken, Target};
    use belfry_engine::ports::{Ending, Stop, Window};

    use super::*;

    struct Sleeper(Duration);

    #[async_trait]
    impl Runner for Sleeper {
        async fn run(&self, _: Invocation) -> Completion {
            tokio::time::sleep(self.0).await;
            Completion::succeeded(None)
        }
    }

    async fn ending(takes: u64) -> (Ending, bool) {
        let stop = Stop::new();
        let invocation = Invocation {
            execution_id: "a@b".parse().unwrap(),
            run_id: "run".to_owned(),
            attempt: 1,
            token: ClaimToken { attempt: 1, claim_id: 7 },
            target: Target::Empty {},
            input: serde_json::Value::Null,
            timeout: Duration::from_secs(3600),
            stop: stop.clone(),
            window: Window::default(),
        };
        let sleeper = Arc::new(Sleeper(Duration::from_secs(takes)));
        let runner = UntilDeadline::new(sleeper, Duration::from_secs(890));
        (runner.run(invocation).await.ending, stop.is_cancelled())
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_ends_before_its_function_does() {
        assert!(matches!(ending(889).await, (Ending::Succeeded { .. }, false)));
        let (Ending::Failed { error, is_final, .. }, true) = ending(891).await else { panic!("it went on") };
        assert!(error.starts_with("stopped after 14m50s, the time limit") && !is_final, "{error}");
    }
}
