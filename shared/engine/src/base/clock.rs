//! Clock and random numbers of the machine.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use belfry_domain::Timestamp;

use crate::{
    Engine,
    ports::{Clock, Random},
};

pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

pub struct SystemRandom;

impl Random for SystemRandom {
    fn next(&self) -> u64 {
        rand::random()
    }
}

impl Engine {
    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Waits for an instant of the wall clock. The clock is read again after each sleep of at most 1 s,
    /// because it may jump.
    pub(crate) async fn wait_until(&self, instant: Timestamp) {
        loop {
            let left = instant.since(self.now());
            if left.is_zero() {
                return;
            }
            self.ports.clock.sleep(left.min(Duration::from_secs(1))).await;
        }
    }
}
