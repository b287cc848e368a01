//! Re-runs of ended executions: one, many, a graph from its failures, or a dead letter.

pub(crate) mod redrive;
pub(crate) mod repeated;
pub(crate) mod rerun;
pub(crate) mod select;
