//! The router, on the real engine and a database in memory.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

mod access;
mod alerts;
mod backlog;
mod bodies;
mod dead_letters;
mod executions;
mod jobs;
mod limits;
mod overview;
mod push;
mod support;
