//! Slots: from a job's schedule to the timers, messages and rows of its executions.

pub(crate) mod chain;
pub(crate) mod fire;
pub(crate) mod owner;
pub(crate) mod row;
pub(crate) mod to_come;
