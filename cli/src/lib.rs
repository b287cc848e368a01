//! The scheduler in one process, as a library: what `belfry up` runs, and what tests and
//! benchmarks run without a process of their own.

pub mod standalone;
pub mod zones;
