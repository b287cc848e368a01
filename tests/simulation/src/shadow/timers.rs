//! Timers and cursors, as written.

use belfry_domain::{Timer, TimerKey, What};
use belfry_engine::ports::Cursors;

use super::Shadow;
use crate::machine::State;

impl State {
    /// One that was written together with a row.
    pub fn saw_guard(&mut self, process: usize, guard: Option<&Timer>) {
        let guard = guard.map_or(&[][..], std::slice::from_ref);
        self.note_timers(process, "with", guard);
        self.shadow.put_timers(guard);
    }
}

impl Shadow {
    pub fn put_timers(&mut self, timers: &[Timer]) {
        for timer in timers {
            let key = timer.key.clone();
            if let What::Slot { job_id, .. } = &key.what {
                if self.timers.get(&key).is_some_and(|present| present.version > timer.version) {
                    continue;
                }
                self.slots_of.entry(job_id.clone()).or_default().insert(key.clone());
                self.chains_touched = true;
            }
            if let Some(id) = key.what.execution_id() {
                self.timers_of.entry(id).or_default().insert(key.clone());
            }
            self.timers.insert(key, timer.clone());
        }
    }

    pub fn remove_timer(&mut self, key: &TimerKey) {
        if self.timers.remove(key).is_none() {
            return;
        }
        if let What::Slot { job_id, .. } = &key.what {
            self.slots_of.entry(job_id.clone()).or_default().remove(key);
            self.chains_touched = true;
        }
        let Some(id) = key.what.execution_id() else {
            self.backfills_touched = true;
            return;
        };
        if let Some(timers) = self.timers_of.get_mut(&id) {
            timers.remove(key);
        }
        self.touched.insert(id);
    }

    pub fn save_cursors(&mut self, cursors: &Cursors) {
        self.cursors.extend(cursors);
        self.chains_touched = true;
    }
}
