//! Definitions of jobs, pushed work, and triggers.

pub(crate) mod ahead;
pub(crate) mod apply;
pub(crate) mod backpressure;
pub(crate) mod commit;
pub(crate) mod follow;
pub(crate) mod lifecycle;
pub(crate) mod precondition;
pub(crate) mod priority;
pub(crate) mod push;
pub(crate) mod same;
pub(crate) mod zones;
