//! What the parts of one installation are called. `infra/` makes them by the same names.

use belfry_domain::Priority;

/// The installation's prefix, `belfry` by default, and how its keys are spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

impl Names {
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// From `BELFRY_NAME`.
    pub fn from_environment() -> Self {
        Self::new(std::env::var("BELFRY_NAME").unwrap_or_else(|_| "belfry".to_owned()))
    }

    /// Tables: `jobs`, `executions`, `timers`, `dead-letters`, `state`.
    pub fn table(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// Waves, for the dispatcher.
    pub fn dispatch_queue(&self) -> String {
        format!("{}-dispatch", self.prefix)
    }

    /// Messages for the workers of a pool.
    pub fn worker_queue(&self, pool: &str, priority: Priority) -> String {
        format!("{}-{pool}-{priority}", self.prefix)
    }

    /// Executions that ended badly for good, for those who consume them here; and messages that
    /// no function could handle.
    pub fn dead_letter_queue(&self) -> String {
        format!("{}-dead-letters", self.prefix)
    }

    /// What the names of the lanes' schedules begin with.
    pub fn lane_prefix(&self) -> String {
        format!("{}-lane-", self.prefix)
    }

    /// The group of the schedules in EventBridge Scheduler.
    pub fn schedule_group(&self) -> String {
        self.prefix.clone()
    }
}
