//! Changes that come second, again and again.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use async_trait::async_trait;
use belfry_domain::{ExecutionId, Gate, GateKey, Place};
use belfry_engine::{
    CircuitChange, EngineError,
    ports::{GateStore, GateWrite, Passed, RowWrite, StoreError},
};
use futures::future::join_all;
use serde_json::json;

use super::world::{Tried, World};
use crate::{Backend, fixtures::job_id};

/// Gates that other processes change just before this one, so many times.
struct Busy {
    gates: Arc<dyn GateStore>,
    left: AtomicU32,
}

#[async_trait]
impl GateStore for Busy {
    async fn gates(&self, keys: &[GateKey]) -> Result<Vec<Gate>, StoreError> {
        self.gates.gates(keys).await
    }

    async fn pass(&self, row: RowWrite, gates: Vec<GateWrite>) -> Result<Passed, StoreError> {
        match self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Ok(Passed::GateMoved),
            Err(_) => self.gates.pass(row, gates).await,
        }
    }

    async fn join_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<(), StoreError> {
        self.gates.join_waitlist(place, id).await
    }

    async fn leave_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<(), StoreError> {
        self.gates.leave_waitlist(place, id).await
    }

    async fn line(&self, gate: &GateKey, limit: usize) -> Result<Vec<(Place, ExecutionId)>, StoreError> {
        self.gates.line(gate, limit).await
    }
}

pub async fn a_change_that_comes_second_is_made_again_or_says_so(backend: &Backend) -> Tried {
    let busy = Arc::new(Busy { gates: backend.gates.clone(), left: AtomicU32::new(0) });
    let world = World::over(&Backend { gates: busy.clone(), ..backend.clone() });
    world.define([json!({ "job_id": "busy", "circuit": {} })]).await?;
    let id = job_id("busy");
    busy.left.store(3, SeqCst);
    let opened = world.engine.set_circuit(&id, CircuitChange::Open(None)).await?;
    assert_eq!((world.engine.job_gate(&id).await?.circuit, busy.left.load(SeqCst)), (opened, 0));

    busy.left.store(1_000, SeqCst);
    let closed = world.engine.set_circuit(&id, CircuitChange::Close).await;
    assert!(matches!(closed, Err(EngineError::Contended(_))), "{closed:?}");
    let message = closed.map_err(|error| error.to_string());
    assert_eq!(message, Err("other requests keep changing the limits of busy; try again".to_owned()));
    assert_eq!(busy.left.load(SeqCst), 900, "it gives up after a hundred tries");
    assert_eq!(world.engine.job_gate(&id).await?.circuit, opened, "nothing has changed");
    Ok(())
}

/// Fifty clients of one process, and as many of another, define a job each at once.
pub async fn definitions_at_once_wait_for_each_other(backend: &Backend) -> Tried {
    let worlds = [World::over(backend), World::over(backend)];
    let define = |number: usize| {
        let job = json!({ "job_id": format!("job{number}"), "schedule": "@yearly" });
        worlds[number % 2].define([job])
    };
    for outcome in join_all((0..100).map(define)).await {
        outcome?;
    }
    let (_, jobs) = backend.jobs.all_jobs().await?;
    assert_eq!(jobs.len(), 100);
    Ok(())
}
