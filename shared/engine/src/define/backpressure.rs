//! Backpressure: pushes and triggers are refused while the queue that they would join is full.
//!
//! Belfry never refuses its own work (slots, retries, dependents, redrives), because that work is
//! durable already. A refused caller is told when to come back: after the time in which the excess will
//! have been worked off, at the rate at which the queue has been getting shorter, plus a random time
//! that differs between callers. A full queue lets in as much as workers take out, so it recovers
//! without running empty first.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use belfry_domain::{Priority, Timestamp};

use crate::{Engine, EngineError, Result};

/// Shortest time over which depths are compared. Queues report depths with a delay of a few seconds.
const SHORTEST_MEASURE: Duration = Duration::from_secs(5);
/// Age from which an earlier measurement says nothing about the present.
const LONGEST_MEASURE: Duration = Duration::from_secs(60);
/// Wait in seconds where the rate is not known.
const USUAL_WAIT: f64 = 10.0;
const LONGEST_WAIT: f64 = 60.0;

/// Queues that one call adds to, each with its depth when the call began plus what the call has added.
#[derive(Default)]
pub(crate) struct Intake(Vec<Joined>);

struct Joined {
    pool: String,
    priority: Priority,
    depth: u64,
}

impl Engine {
    /// Admits one execution to a queue, unless the queue is full. Work that is due later than the near
    /// horizon is no backlog yet.
    pub(crate) async fn take_in(
        &self,
        intake: &mut Intake,
        pool: &str,
        priority: Priority,
        due: Timestamp,
    ) -> Result<()> {
        if due > self.now().plus(self.settings.near) {
            return Ok(());
        }
        let is_same = |joined: &Joined| joined.pool == pool && joined.priority == priority;
        let place = intake.0.iter().position(is_same).unwrap_or(intake.0.len());
        if place == intake.0.len() {
            let depth = self.backlog(pool, priority).await;
            intake.0.push(Joined { pool: pool.to_owned(), priority, depth });
        }
        let joined = &mut intake.0[place];
        let limit = self.settings.backlog_limits.of(pool, priority);
        if joined.depth >= limit {
            return Err(self.refusal(joined, limit));
        }
        joined.depth += 1;
        Ok(())
    }

    /// Depth of a queue. A queue that does not report its depth counts as empty and refuses nothing.
    pub(crate) async fn backlog(&self, pool: &str, priority: Priority) -> u64 {
        let depth = self.ports.queue.backlog(pool, priority).await;
        depth.unwrap_or_else(|error| {
            tracing::warn!(pool, %priority, %error, "cannot read the length of a queue; its limit does not apply");
            0
        })
    }

    fn refusal(&self, joined: &Joined, limit: u64) -> EngineError {
        let Joined { pool, priority, depth } = joined;
        let rate = self.meters.measure((pool.clone(), *priority), self.ports.clock.monotonic(), *depth);
        let retry_after = wait(*depth - limit + 1, rate, self.ports.random.fraction());
        EngineError::Backlogged { pool: pool.clone(), priority: *priority, depth: *depth, limit, retry_after }
    }
}

/// Time until `excess` has been worked off, plus a random part of up to the same length.
fn wait(excess: u64, rate_per_second: Option<f64>, fraction: f64) -> Duration {
    let wait = rate_per_second.map_or(USUAL_WAIT, |rate| excess as f64 / rate).clamp(1.0, LONGEST_WAIT);
    Duration::from_secs_f64((wait * (1.0 + fraction)).ceil())
}

/// Rates at which full queues get shorter. Pushes don't add to a full queue, so it is the rate at which
/// room appears.
#[derive(Default)]
pub(crate) struct Meters(Mutex<HashMap<(String, Priority), Meter>>);

#[derive(Clone, Copy)]
struct Meter {
    at: Duration,
    depth: u64,
    rate_per_second: Option<f64>,
}

impl Meters {
    fn measure(&self, queue: (String, Priority), now: Duration, depth: u64) -> Option<f64> {
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meter = meters.entry(queue).or_insert(Meter { at: now, depth, rate_per_second: None });
        let passed = now.saturating_sub(meter.at);
        if passed > LONGEST_MEASURE {
            *meter = Meter { at: now, depth, rate_per_second: None };
        } else if passed >= SHORTEST_MEASURE {
            let fell = meter.depth.saturating_sub(depth) as f64 / passed.as_secs_f64();
            *meter = Meter { at: now, depth, rate_per_second: Some(fell).filter(|fell| *fell > 0.0) };
        }
        meter.rate_per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_waits_as_long_as_the_excess_takes_and_up_to_twice_that() {
        let seconds = |excess, rate, fraction| wait(excess, rate, fraction).as_secs();
        assert_eq!((seconds(300, Some(10.0), 0.0), seconds(300, Some(10.0), 0.5)), (30, 45));
        assert_eq!((seconds(1, Some(1e6), 0.0), seconds(1_000_000, Some(0.1), 0.99)), (1, 120));
        assert_eq!((seconds(1, None, 0.0), seconds(1, None, 0.999)), (10, 20));
    }

    #[test]
    fn the_rate_is_that_of_the_last_few_seconds() {
        let meters = Meters::default();
        let at = |second, depth| {
            meters.measure(("default".to_owned(), Priority::Low), Duration::from_secs(second), depth)
        };
        assert_eq!(at(100, 1000), None);
        assert_eq!(at(102, 900), None, "too short to tell");
        assert_eq!(at(110, 500), Some(50.0));
        assert_eq!(at(111, 500), Some(50.0));
        assert_eq!(at(120, 800), None, "it gets longer");
        assert_eq!(at(300, 100), None, "too long ago");
    }
}
