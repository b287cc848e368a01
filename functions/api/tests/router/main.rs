//! Tests of the router and of its description, on the real engine and a database in memory.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

mod access;
mod alerts;
mod attempts;
mod backfills;
mod backlog;
mod bodies;
mod dead_letters;
mod door;
mod elements;
mod executions;
mod jobs;
mod keys;
mod limits;
mod logs;
mod openapi;
mod overview;
mod push;
mod reruns;
mod support;
