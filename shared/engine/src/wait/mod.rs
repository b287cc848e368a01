//! Waits of an execution that is about to start: for its dependencies, and for the limits of its job.

pub(crate) mod admission;
pub(crate) mod admit;
pub(crate) mod denied;
pub(crate) mod dependencies;
