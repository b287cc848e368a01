//! Shards, handed out one by one until the time is over. What is left is the next tick's.

use std::{
    iter,
    sync::{Mutex, PoisonError},
    time::Instant,
};

pub struct Pace<S> {
    shards: Mutex<S>,
    until: Instant,
}

impl<S: Iterator<Item = u16>> Pace<S> {
    pub fn new(shards: S, until: Instant) -> Self {
        Self { shards: Mutex::new(shards), until }
    }

    /// Several of these share the shards among them.
    pub fn shards(&self) -> impl Iterator<Item = u16> {
        iter::from_fn(|| {
            let is_over = Instant::now() >= self.until;
            if is_over { None } else { self.shards.lock().unwrap_or_else(PoisonError::into_inner).next() }
        })
    }
}

/// The shards of a lane.
pub fn shards_of(lane: u16, lanes: u16, shards: u16) -> impl DoubleEndedIterator<Item = u16> {
    (0..shards).filter(move |shard| shard % lanes == lane)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_shard_is_one_lanes() {
        for lanes in [1, 3, 4, 64] {
            let mut all: Vec<u16> = (0..lanes).flat_map(|lane| shards_of(lane, lanes, 64)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..64).collect::<Vec<u16>>());
        }
    }

    #[test]
    fn shards_are_shared_out_and_end_with_the_time() {
        let pace = Pace::new(0..5, Instant::now() + Duration::from_secs(60));
        let (mut one, mut other) = (pace.shards(), pace.shards());
        assert_eq!((one.next(), other.next(), one.next()), (Some(0), Some(1), Some(2)));
        assert_eq!(other.collect::<Vec<_>>(), [3, 4]);
        assert_eq!(Pace::new(0..5, Instant::now()).shards().next(), None);
    }
}
