//! The graph: executions that follow from others, and what they are told of each other.
//!
//! Telling stands below the end of an execution, which begins it; waiting (`wait`) stands above.
//! How the two miss nothing is said in `wait/dependencies`.

pub(crate) mod dependents;
pub(crate) mod elements;
pub(crate) mod kept;
pub(crate) mod reach;
pub(crate) mod tell;
