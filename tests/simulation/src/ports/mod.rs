//! The ports of one process: the real store behind a wrapper that lets other tasks go first, meets the
//! faults of the seed, and tells the shadow what was written.

mod alerts;
mod backfills;
mod dead_letters;
mod executions;
mod gates;
mod jobs;
mod leases;
mod observer;
mod queue;
mod timers;
mod zones;

use std::sync::Arc;

use belfry_engine::{
    StoredAlerts,
    ports::{Ports, StoreError},
};
use futures::executor::block_on;

use crate::{
    faults::Fault,
    machine::{
        ProcessId, World,
        time::{SimClock, SimRandom, Yield},
    },
    mutation::Backend,
};

pub use self::observer::SimObserver;

type Result<T> = std::result::Result<T, StoreError>;

/// The store and the queue, as one process reaches them.
#[derive(Clone)]
pub struct Chaos {
    pub world: World,
    pub process: ProcessId,
    pub backend: Backend,
}

impl Chaos {
    pub fn ports(&self) -> Ports {
        let this = Arc::new(self.clone());
        let clock = Arc::new(SimClock { world: self.world.clone(), process: self.process });
        let alerts = StoredAlerts { rows: this.clone(), clock: clock.clone(), also: this.clone() };
        Ports {
            jobs: this.clone(),
            executions: this.clone(),
            timers: this.clone(),
            leases: this.clone(),
            dead_letters: this.clone(),
            gates: this.clone(),
            workers: self.backend.store.clone(),
            zones: this.clone(),
            backfills: this.clone(),
            queue: this.clone(),
            clock: clock.clone(),
            random: Arc::new(SimRandom(self.world.clone())),
            observer: Arc::new(SimObserver { world: self.world.clone() }),
            alerts: Arc::new(alerts),
            alert_rows: this,
        }
    }

    /// Makes one call. The work itself takes none of the world's time and does not yield: it is atomic,
    /// as the store's verbs are.
    async fn call<T: Send>(
        &self,
        verb: &'static str,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let fault = self.world.with(|state| state.draw_fault(self.process, verb));
        self.world.yield_some().await;
        if self.world.with(|state| state.is_store_away()) {
            return Err(no_answer(verb));
        }
        match fault {
            Some(Fault::ErrorBefore) => return Err(no_answer(verb)),
            Some(Fault::CrashBefore) => self.world.die(self.process).await,
            Some(Fault::FreezeBefore(ms)) => self.freeze(ms).await,
            Some(fault) => self.world.with(|state| state.shift_clocks(self.process, fault)),
            None => {}
        }
        let answer = block_on(work);
        match fault {
            Some(Fault::ErrorAfter) => return Err(no_answer(verb)),
            Some(Fault::CrashAfter) => self.world.die(self.process).await,
            Some(Fault::FreezeAfter(ms)) => self.freeze(ms).await,
            Some(Fault::Late(ms)) => self.world.sleep_ms(ms).await,
            _ => {}
        }
        self.world.yield_some().await;
        answer
    }

    async fn freeze(&self, ms: u64) {
        self.world.with(|state| state.freeze(self.process, ms));
        Yield(1).await;
    }

    fn note(&self, what: impl FnOnce() -> String) {
        self.world.with(|state| state.note(self.process, what));
    }
}

fn no_answer(verb: &str) -> StoreError {
    StoreError::Unavailable(format!("{verb}: no answer"))
}
