//! Limits of backlogs: how much work may wait in a queue before callers are asked to come back later.

use std::{collections::BTreeMap, str::FromStr};

use crate::Priority;

const ANY: &str = "*";

/// Limits for queues; each pool has one queue for each priority. Written as
/// `*/*=100000,gpu/*=500,*/low=20000,gpu/low=50`; a bare number stands for all queues. The most
/// specific limit counts, and a pool counts more than a priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogLimits(BTreeMap<(String, String), u64>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a backlog limit; expected N or POOL/PRIORITY=N with N from 1, such as 100000, */low=20000 or gpu/*=500"
)]
pub struct BacklogLimitError(String);

/// Limit of queues for which no other limit is given.
pub const USUAL_BACKLOG_LIMIT: u64 = 100_000;

impl Default for BacklogLimits {
    fn default() -> Self {
        Self::all(USUAL_BACKLOG_LIMIT)
    }
}

impl BacklogLimits {
    /// Limits that are equal for all queues.
    pub fn all(limit: u64) -> Self {
        Self(BTreeMap::from([((ANY.to_owned(), ANY.to_owned()), limit)]))
    }

    pub fn of(&self, pool: &str, priority: Priority) -> u64 {
        let priority = priority.as_str();
        let exact_first = [(pool, priority), (pool, ANY), (ANY, priority), (ANY, ANY)];
        let found = exact_first
            .iter()
            .find_map(|(pool, priority)| self.0.get(&((*pool).to_owned(), (*priority).to_owned())));
        found.copied().unwrap_or(USUAL_BACKLOG_LIMIT)
    }

    /// Adds the limits of `other`, which replace these where both name the same queue.
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl FromStr for BacklogLimits {
    type Err = BacklogLimitError;

    fn from_str(text: &str) -> Result<Self, BacklogLimitError> {
        let parts = text.split(',').map(str::trim);
        parts
            .map(|part| parse(part).ok_or_else(|| BacklogLimitError(part.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn parse(text: &str) -> Option<((String, String), u64)> {
    let (queue, limit) = text.split_once('=').unwrap_or(("*/*", text));
    let (pool, priority) = queue.split_once('/')?;
    let is_priority = priority == ANY || Priority::ALL.iter().any(|known| known.as_str() == priority);
    let limit = limit.parse().ok().filter(|limit| *limit > 0)?;
    (is_priority && !pool.is_empty()).then(|| ((pool.to_owned(), priority.to_owned()), limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_one_counts() {
        let limits: BacklogLimits = "1000, gpu/*=500,*/low=20,gpu/low=5".parse().unwrap();
        let of = |pool, priority| limits.of(pool, priority);
        assert_eq!(of("default", Priority::High), 1000);
        assert_eq!(of("default", Priority::Low), 20);
        assert_eq!(of("gpu", Priority::High), 500);
        assert_eq!(of("gpu", Priority::Low), 5);
        assert_eq!(BacklogLimits::default().of("any", Priority::Low), USUAL_BACKLOG_LIMIT);
    }

    #[test]
    fn later_ones_replace_the_same_queue_only() {
        let limits = BacklogLimits::default().with("*/low=7".parse().unwrap()).with("9".parse().unwrap());
        assert_eq!((limits.of("a", Priority::Low), limits.of("a", Priority::High)), (7, 9));
    }

    #[test]
    fn nonsense_is_named() {
        for text in ["", "many", "0", "gpu=5", "gpu/urgent=5", "/low=5", "gpu/low=-1", "5,,6"] {
            let error = text.parse::<BacklogLimits>().unwrap_err().to_string();
            assert!(error.contains("is not a backlog limit"), "{text}: {error}");
        }
    }
}
