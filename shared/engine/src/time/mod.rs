//! Time: due timers become messages, and messages reach the workers' queues at their instant.

pub(crate) mod carry_on;
pub(crate) mod dispatch;
pub(crate) mod progress;
pub(crate) mod second_clock;
pub(crate) mod stalled;
pub(crate) mod tick;
