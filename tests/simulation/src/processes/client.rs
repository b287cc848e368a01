//! Clients of the API: first they define jobs, then they make all kinds of requests at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use belfry_domain::{BackfillStatus, JobSpec};
use belfry_engine::{EngineError, Precondition};

use super::Node;
use crate::machine::State;

impl Node {
    pub(super) fn ask(self) {
        let second = Arc::new(AtomicBool::new(true));
        self.start(self.clone().lead_requests(Arc::clone(&second)));
        let this = self.clone();
        self.start(async move {
            this.request_for_a_while().await;
            second.store(false, Ordering::Relaxed);
        });
    }

    async fn lead_requests(self, has_second: Arc<AtomicBool>) {
        self.define_missing().await;
        self.request_for_a_while().await;
        while has_second.load(Ordering::Relaxed) || !self.world.with(|state| state.time.has_caught_up) {
            self.world.sleep_ms(1_000).await;
        }
        while !self.close().await {
            self.world.sleep_ms(1_000).await;
        }
        self.note(|| "no more requests".to_owned());
        self.world.with(|state| state.is_closing = true);
    }

    async fn define_missing(&self) {
        loop {
            let defined = |state: &mut State, spec: &JobSpec| state.shadow.jobs.contains_key(&spec.job_id);
            let missing = |state: &mut State| {
                let specs = self.installation.specs.iter().filter(|spec| !defined(state, spec));
                specs.cloned().collect::<Vec<_>>()
            };
            let specs = self.world.with(missing);
            if specs.is_empty() {
                return;
            }
            let outcome = self.engine.apply_jobs(specs, &Precondition::None).await;
            // By now the only instant of one of them may have passed.
            let is_hopeless = matches!(outcome, Err(EngineError::Invalid(_)));
            self.report("apply", outcome);
            if is_hopeless {
                return;
            }
            self.world.sleep_ms(700).await;
        }
    }

    async fn request_for_a_while(&self) {
        while self.world.with(|state| state.time.now_ms) < self.installation.requests_until_ms {
            let pause_ms = self.chance(|rng| rng.below(2 * self.installation.pause_ms));
            self.world.sleep_ms(pause_ms).await;
            self.request().await;
        }
    }

    /// Pauses the jobs that would go on for ever, so that everything comes to rest; true when all are
    /// paused.
    async fn close(&self) -> bool {
        let active = |state: &mut State| {
            let jobs = state.shadow.live_jobs();
            let jobs = jobs.filter(|job| job.is_active() && job.is_scheduled() && job.spec.end.is_none());
            jobs.map(|job| job.id().clone()).collect::<Vec<_>>()
        };
        let mut is_done = true;
        for id in self.world.with(active) {
            is_done &= self.report("pause", self.engine.pause_job(&id, None).await).is_some();
        }
        is_done && self.resume_backfills().await
    }

    /// Resumes the paused backfills, which would never be over; true when all are resumed.
    async fn resume_backfills(&self) -> bool {
        let paused = |state: &mut State| {
            let rows = state.shadow.backfills.values();
            let rows = rows.filter(|row| row.status == BackfillStatus::Paused);
            rows.map(|row| row.id.clone()).collect::<Vec<_>>()
        };
        let mut is_done = true;
        for id in self.world.with(paused) {
            is_done &= self.report("resume", self.engine.resume_backfill(&id).await).is_some();
        }
        is_done
    }
}
