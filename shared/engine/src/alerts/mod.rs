//! Alerts: raised, sent, resolved.

pub(crate) mod alerting;
pub(crate) mod gather;
pub(crate) mod missed_deadline;
pub(crate) mod repeat;
pub(crate) mod stored;
pub(crate) mod watch;
