//! Shards, handed out one by one until the time is over. The next tick takes the rest.

use std::time::Instant;

pub fn until_then(shards: impl Iterator<Item = u16>, then: Instant) -> impl Iterator<Item = u16> {
    shards.take_while(move |_| Instant::now() < then)
}

/// Shards that belong to a lane.
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
    fn shards_end_with_the_time() {
        let now = Instant::now();
        assert_eq!(until_then(0..3, now + Duration::from_secs(60)).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(until_then(0..3, now).next(), None);
    }
}
