//! Alerts: raised, sent, resolved.

pub(crate) mod alerting;
pub(crate) mod missed_deadline;
pub(crate) mod watch;
