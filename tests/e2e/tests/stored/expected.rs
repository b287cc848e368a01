//! The end of the scenario, on either store.

/// Executions that had not ended, their end, and whether an attempt ran when its process died.
pub const ENDS: [(&str, &str, Died); 22] = [
    ("each@flow", "success", Died::No),
    ("each@flow,0", "success", Died::Running),
    ("each@flow,1", "success", Died::Running),
    ("each@flow,2", "success", Died::Running),
    // It had no row yet.
    ("joined@flow", "success", Died::No),
    ("flaky@again", "success", Died::No),
    ("one_at_a_time@first", "success", Died::Running),
    ("one_at_a_time@second", "success", Died::No),
    ("replacing@second", "success", Died::Running),
    ("keyed@a1", "success", Died::Running),
    ("keyed@b1", "success", Died::No),
    ("rated@second", "success", Died::No),
    // The circuit lets one through when its time is over.
    ("broken@second", "failed", Died::No),
    ("backfilled@2026-11-01T00:00:00Z", "success", Died::Running),
    ("backfilled@2026-11-02T00:00:00Z", "success", Died::Running),
    ("backfilled@2026-11-03T00:00:00Z", "success", Died::No),
    ("backfilled@2026-11-04T00:00:00Z", "success", Died::No),
    ("backfilled@2026-11-05T00:00:00Z", "success", Died::No),
    ("pushed@running", "success", Died::Running),
    ("pushed@delayed", "success", Died::No),
    // By a worker over HTTP that the test is.
    ("unserved@queued", "success", Died::No),
    ("outside@leased", "success", Died::Running),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Died {
    No,
    Running,
}

/// Executions that had ended.
pub const ENDED: [(&str, &str); 16] = [
    ("root@flow", "success"),
    ("leaf@flow", "success"),
    ("only_if_bad@flow", "skipped"),
    ("fails@open", "failed"),
    ("fails@redriven", "failed"),
    ("fails@redriven~2", "failed"),
    ("fails@discarded", "failed"),
    ("needs_bad@open", "upstream_failed"),
    ("needs_bad@redriven", "upstream_failed"),
    ("needs_bad@redriven~2", "upstream_failed"),
    ("needs_bad@discarded", "upstream_failed"),
    ("times_out@over", "timed_out"),
    ("replacing@first", "cancelled"),
    ("rated@first", "success"),
    ("broken@first", "failed"),
    ("pushed@cancelled", "cancelled"),
];

/// Executions whose dead letters are open.
pub const OPEN_LETTERS: [&str; 4] = ["broken@first", "fails@open", "fails@redriven~2", "times_out@over"];

/// Jobs that the scenario defines.
pub const JOBS: usize = 27;
