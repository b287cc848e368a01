//! Scheduler in one process, as a library: `belfry up` runs it, and so do tests and benchmarks without
//! a process of their own.

pub mod standalone;
pub mod zones;
