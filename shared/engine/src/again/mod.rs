//! What has ended runs again: one execution, many, a graph from what failed, a dead letter.

pub(crate) mod redrive;
pub(crate) mod repeated;
pub(crate) mod rerun;
pub(crate) mod select;
