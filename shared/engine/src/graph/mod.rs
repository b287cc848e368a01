//! Graph: executions that follow from others, and the outcomes that they are told.
//!
//! Telling stands below the end of an execution, which begins it; waiting (`wait`) stands above.
//! `wait/dependencies` says why no outcome is missed between the two.

pub(crate) mod dependents;
pub(crate) mod elements;
pub(crate) mod kept;
pub(crate) mod old_slots;
pub(crate) mod reach;
pub(crate) mod tell;
