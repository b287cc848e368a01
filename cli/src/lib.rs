//! The scheduler in one process, as a library: what `belfry up` runs, and what tests and
//! benchmarks run without a process of their own.

pub mod standalone;

/// The hot path allocates much and frees it on other threads; measured, this saves a tenth of the
/// processor's time at full load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
