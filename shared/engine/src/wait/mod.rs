//! Waits of an execution that is about to start: for its dependencies, and for the limits of its job.

pub(crate) mod arrival;
pub(crate) mod arrive;
pub(crate) mod dependencies;
pub(crate) mod turned_away;
