//! Executions: created once, claimed by one, changed from revision to revision, listed, removed.

pub mod changes;
pub mod claims;
pub mod creation;
pub mod listing;
pub mod notes;
pub mod retention;
