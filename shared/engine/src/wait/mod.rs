//! What holds up an execution that is about to start: its dependencies, and the limits of its job.

pub(crate) mod arrival;
pub(crate) mod arrive;
pub(crate) mod dependencies;
pub(crate) mod turned_away;
