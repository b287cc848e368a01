use std::collections::BTreeMap;

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp, What};
use belfry_engine::ports::{Position, TimerPage, TimerStore};

use super::{Model, Result};

fn is_behind(key: &TimerKey, position: &Position) -> bool {
    match position {
        Position::After(instant) => key.fire_at > *instant,
        Position::Behind(other) => key > other,
    }
}

fn job_of_slot(timer: &Timer) -> Option<&JobId> {
    if let What::Slot { job_id, .. } = &timer.key.what { Some(job_id) } else { None }
}

#[async_trait]
impl TimerStore for Model {
    async fn put_timers(&self, timers: Vec<Timer>) -> Result<()> {
        self.state().put(timers);
        Ok(())
    }

    async fn remove_timer(&self, key: &TimerKey) -> Result<()> {
        self.state().timers.remove(key);
        Ok(())
    }

    async fn remove_unchanged(&self, timer: &Timer) -> Result<()> {
        let mut state = self.state();
        if state.timers.get(&timer.key).is_some_and(|present| present.version == timer.version) {
            state.timers.remove(&timer.key);
        }
        Ok(())
    }

    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage> {
        let state = self.state();
        let is_due = |key: &TimerKey| key.shard == shard && key.fire_at <= until && is_behind(key, from);
        let due = state.timers.values().filter(|timer| is_due(&timer.key));
        let timers: Vec<Timer> = due.take(limit).cloned().collect();
        let is_full = timers.len() == limit;
        Ok(TimerPage { timers, unknown: vec![], is_full })
    }

    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>> {
        let mut counts = BTreeMap::new();
        for job_id in self.state().timers.values().filter_map(job_of_slot) {
            *counts.entry(job_id.clone()).or_insert(0) += 1;
        }
        Ok(counts.into_iter().collect())
    }

    /// Does nothing: this version reads all that it wrote.
    async fn take_back(&self) -> Result<u64> {
        Ok(0)
    }

    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>> {
        let state = self.state();
        Ok(state.timers.values().filter(|timer| job_of_slot(timer) == Some(id)).cloned().collect())
    }
}
