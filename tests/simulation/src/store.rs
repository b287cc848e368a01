//! What is behind the ports of every process: any store that keeps them all.

use belfry_engine::ports::{
    AlertStore, BackfillStore, DeadLetterStore, ExecutionStore, GateStore, JobStore, LeaseStore, TimerStore,
    WorkerRegistry,
};

/// All durable ports.
pub trait Store:
    JobStore
    + ExecutionStore
    + TimerStore
    + LeaseStore
    + DeadLetterStore
    + AlertStore
    + GateStore
    + WorkerRegistry
    + BackfillStore
{
}

impl<S> Store for S where
    S: JobStore
        + ExecutionStore
        + TimerStore
        + LeaseStore
        + DeadLetterStore
        + AlertStore
        + GateStore
        + WorkerRegistry
        + BackfillStore
{
}
