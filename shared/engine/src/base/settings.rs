use std::time::Duration;

use belfry_domain::{AGEING_STEP, BacklogLimits, Shards};

/// Constants of time and size. The defaults are those of the AWS installation; `Settings::standalone`
/// has those of a single process, whose messages cost nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub shards: Shards,
    /// Time ahead for which a tick fires timers. Two ticks may be lost before a timer is late.
    pub look_ahead: Duration,
    /// Horizon of near timers: a writer of a timer that fires sooner also sends its message. Wider than
    /// `look_ahead`, by more than clocks differ.
    pub near: Duration,
    /// Age of the last tick that succeeded from which the installation counts as stalled.
    pub stalled_after: Duration,
    /// Time after which the sweep looks at a timer that has fired.
    pub sweep_grace: Duration,
    /// Length of a lease, unless it is renewed.
    pub lease: Duration,
    pub heartbeat_every: Duration,
    /// Minimum time between two writes of a running attempt's output. The output is written at
    /// heartbeats.
    pub live_output_every: Duration,
    /// Time after the end of its lease at which a running attempt is taken over.
    pub takeover_margin: Duration,
    /// First interval between two examinations of one execution. It doubles up to an hour.
    pub check_every: Duration,
    /// Time for which the guard of a slot stays after a pause or a change that forbids the slot. A
    /// worker gives up a start half a lease after it has read the job. So after this time the slot can
    /// be started only by a host that was suspended between that check and its write.
    pub clear_after: Duration,
    /// Number of rows in one read of the timers.
    pub page: usize,
    /// Maximum number of calls to the store at once.
    pub parallel: usize,
    /// Maximum number of jobs that one commit aligns with new zone data, unless a larger group belongs
    /// together.
    pub jobs_in_commit: usize,
    /// Maximum number of shards that a tick or a sweep works on at once.
    pub shards_at_once: usize,
    /// Length of a queue, in messages, above which the sweep sends no message again into that queue.
    pub queue_limit: u64,
    /// Delay after which a waiting execution rises by one priority class, and again after each further
    /// such delay. Zero turns this off.
    pub ageing_step: Duration,
    /// Lengths of queues at which pushes and triggers are refused, with a time after which to try again.
    pub backlog_limits: BacklogLimits,
    /// Time for which ended executions are kept. Scheduled slots that are older never start.
    pub retention: Duration,
    /// Maximum number of open dead letters that are kept for one job, each with its execution.
    pub dead_letters_per_job: usize,
    /// Time that an attempt has to stop after it was told to.
    pub stop_grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shards: Shards(64),
            look_ahead: Duration::from_secs(300),
            near: Duration::from_secs(480),
            stalled_after: Duration::from_secs(180),
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
            dead_letters_per_job: 10_000,
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
            stalled_after: Duration::from_secs(10),
            sweep_grace: Duration::from_secs(10),
            lease: Duration::from_secs(30),
            heartbeat_every: Duration::from_secs(5),
            live_output_every: Duration::ZERO,
            check_every: Duration::from_secs(15),
            ..Self::default()
        }
    }
}
