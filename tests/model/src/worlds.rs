//! The small worlds. Together they hold every write of the path; each alone can be explored to its end.

use crate::config::{Config, Job};

/// One job with slots at 1, 2, … The page of a tick may hold two of them.
pub fn one_job(slots: u8) -> Config {
    Config { horizon: 2, ..Config::new(vec![Job::scheduled(slots, &[])]) }
}

/// Two roots with one schedule, and a job without one that depends on both.
pub fn join() -> Config {
    Config::new(vec![Job::scheduled(1, &[]), Job::scheduled(1, &[]), Job::dependent(&[0, 1])])
}

/// Two jobs with the same schedule, the second of which waits for the first.
pub fn waiting() -> Config {
    Config::new(vec![Job::scheduled(1, &[]), Job::scheduled(1, &[0])])
}

/// A push whose target fails once, twice or not at all, and gets one retry, near or far.
pub fn push() -> Config {
    let config = Config::new(vec![Job::pushed()]);
    Config { horizon: 0, targets_fail: true, retries: 1, far_retries: true, ..config }
}
