//! HTTP itself: everything that all routes share.

pub mod access;
pub mod actions;
pub mod body;
pub mod door;
pub mod envelope;
pub mod fields;
pub mod headers;
pub mod hint;
pub mod ids;
pub mod origin;
pub mod problem;
pub mod query;
pub mod schema;
pub mod worker_id;
