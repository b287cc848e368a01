use std::time::Duration;

use belfry_domain::{AGEING_STEP, BacklogLimits, Shards};

/// The engine's constants of time and size. The defaults are those of the AWS installation;
/// `Settings::standalone` has those of a single process, whose messages cost nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub shards: Shards,
    /// How far ahead a tick fires timers. Two ticks may be lost before one is late.
    pub look_ahead: Duration,
    /// Whoever writes a timer that fires sooner than this also sends its message. Wider than
    /// `look_ahead`, by more than clocks differ.
    pub near: Duration,
    /// The sweep looks at timers that fired this long ago.
    pub sweep_grace: Duration,
    /// A claim is worth this long unless renewed.
    pub lease: Duration,
    pub heartbeat_every: Duration,
    /// What a running attempt prints is kept at a heartbeat, but not more often than this.
    pub live_output_every: Duration,
    /// A running attempt is taken over this long after its lease ended.
    pub takeover_margin: Duration,
    /// The first interval between two looks at one execution; it doubles up to an hour.
    pub check_every: Duration,
    /// So long after the change that forbids a slot, nobody is still about to start it: a worker lets
    /// go half a lease after its look at the job, unless it stands still on its very way to the store.
    pub clear_after: Duration,
    /// Rows in one read of the timers.
    pub page: usize,
    /// Calls to the store at once.
    pub parallel: usize,
    /// Jobs that come to other zone data in one commit, unless more of them belong together.
    pub jobs_in_commit: usize,
    /// Shards that a tick or a sweep is at, at once.
    pub shards_at_once: usize,
    /// While more messages than this wait in a queue, the sweep sends nothing again into that one.
    pub queue_limit: u64,
    /// What waits rises by one priority class for each of these; zero turns that off.
    pub ageing_step: Duration,
    /// Where this much waits in a queue, pushes and triggers are told to come back later.
    pub backlog_limits: BacklogLimits,
    /// Ended executions are kept this long, and scheduled slots older than this never start.
    pub retention: Duration,
    /// How long an attempt that was told to stop may take to do so.
    pub stop_grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shards: Shards(64),
            look_ahead: Duration::from_secs(300),
            near: Duration::from_secs(480),
            sweep_grace: Duration::from_secs(60),
            lease: Duration::from_secs(60),
            heartbeat_every: Duration::from_secs(15),
            live_output_every: Duration::from_secs(25),
            takeover_margin: Duration::from_secs(5),
            check_every: Duration::from_secs(60),
            clear_after: Duration::from_secs(3600),
            page: 500,
            parallel: 64,
            jobs_in_commit: 200,
            shards_at_once: 8,
            queue_limit: 100_000,
            ageing_step: AGEING_STEP,
            backlog_limits: BacklogLimits::default(),
            retention: Duration::from_secs(7 * 24 * 3600),
            stop_grace: Duration::from_secs(3),
        }
    }
}

impl Settings {
    pub fn standalone() -> Self {
        Self {
            shards: Shards(1),
            look_ahead: Duration::from_secs(3),
            near: Duration::from_secs(5),
            sweep_grace: Duration::from_secs(10),
            lease: Duration::from_secs(30),
            heartbeat_every: Duration::from_secs(5),
            live_output_every: Duration::ZERO,
            check_every: Duration::from_secs(15),
            ..Self::default()
        }
    }
}
