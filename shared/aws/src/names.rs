//! Names of one installation's resources. `infra/` creates them under the same names.

use belfry_domain::Priority;

/// Names, which all begin with the installation's prefix, `belfry` by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

impl Names {
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// Names with the prefix in `BELFRY_NAME`.
    pub fn from_environment() -> Self {
        Self::new(std::env::var("BELFRY_NAME").unwrap_or_else(|_| "belfry".to_owned()))
    }

    /// Name of a table: `jobs`, `executions`, `timers`, `dead-letters` or `state`.
    pub fn table(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// Name of the queue of waves, for the dispatcher.
    pub fn dispatch_queue(&self) -> String {
        format!("{}-dispatch", self.prefix)
    }

    /// Name of the queue of messages for the workers of a pool, of one priority.
    pub fn worker_queue(&self, pool: &str, priority: Priority) -> String {
        format!("{}-{pool}-{priority}", self.prefix)
    }

    /// Name of the queue of dead letters. It gets executions that failed for good, and messages that no
    /// function could handle.
    pub fn dead_letter_queue(&self) -> String {
        format!("{}-dead-letters", self.prefix)
    }

    /// Prefix of the names of the lanes' schedules.
    pub fn lane_prefix(&self) -> String {
        format!("{}-lane-", self.prefix)
    }

    /// Name of the group of the schedules in EventBridge Scheduler.
    pub fn schedule_group(&self) -> String {
        self.prefix.clone()
    }
}
