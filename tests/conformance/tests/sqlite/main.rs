//! SQLite keeps the promises of the ports, and some of its own.

#![expect(clippy::unwrap_used, reason = "all of this is tests")]

mod broken_rows;
mod file;
mod histories;
mod jobs_in_memory;
mod leadership;
mod memory;
mod memory_queue;
mod plans;
mod private;
mod retention;
mod support;
