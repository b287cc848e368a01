//! Clock of tests, which stands still until it is moved.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::Clock;
use tokio::sync::watch;

#[derive(Clone, Copy)]
struct Times {
    wall: Timestamp,
    monotonic: Duration,
}

pub struct ManualClock {
    times: watch::Sender<Times>,
    is_moved_by_sleep: bool,
}

impl ManualClock {
    /// Makes a clock that shows this instant. A sleep ends when the clock has been moved far enough.
    pub fn at(instant: Timestamp) -> Self {
        let times = watch::Sender::new(Times { wall: instant, monotonic: Duration::ZERO });
        Self { times, is_moved_by_sleep: false }
    }

    /// Makes a clock that a sleep moves itself, and so ends at once: for tests in which nobody else
    /// would move it meanwhile.
    pub fn moved_by_sleep(instant: Timestamp) -> Self {
        Self { is_moved_by_sleep: true, ..Self::at(instant) }
    }

    pub fn advance(&self, by: Duration) {
        self.times.send_modify(|times| {
            times.wall = times.wall.plus(by);
            times.monotonic += by;
        });
    }

    /// Steps the wall clock alone, ahead or back.
    pub fn step(&self, by_ms: i64) {
        self.times.send_modify(|times| times.wall.0 += by_ms);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.times.borrow().wall
    }

    fn monotonic(&self) -> Duration {
        self.times.borrow().monotonic
    }

    async fn sleep(&self, duration: Duration) {
        if self.is_moved_by_sleep {
            return self.advance(duration);
        }
        let is_over = self.monotonic() + duration;
        let moved = self.times.subscribe().wait_for(|times| times.monotonic >= is_over).await.is_ok();
        assert!(moved, "the clock is there as long as somebody sleeps by it");
    }
}
