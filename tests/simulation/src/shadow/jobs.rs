//! Jobs, as committed, and what tasks have read of them.

use belfry_domain::{ExecutionId, Job, JobId, Limits, Timer, Timestamp};
use belfry_engine::ports::ZonesInForce;

use super::Shadow;
use crate::machine::State;

/// Job as a task has read it.
#[derive(Debug, Clone)]
pub struct JobRead {
    pub at: Timestamp,
    pub at_ms: u64,
    pub paused_at: Option<Timestamp>,
    pub is_deleted: bool,
    pub limits: Option<Limits>,
}

impl Shadow {
    fn commit(&mut self, jobs: &[Job], timers: &[Timer]) {
        self.revision += 1;
        for job in jobs {
            let versions = self.jobs.entry(job.id().clone()).or_default();
            if versions.last().is_some_and(|last| last.version == job.version) {
                versions.pop();
            }
            versions.push(job.clone());
        }
        self.chains_touched = true;
        self.put_timers(timers);
    }

    /// Dependents without a schedule at this revision of the graph.
    pub(super) fn flow_dependents(&self, id: &ExecutionId, graph: u64) -> Vec<JobId> {
        let job_id = id.job_id();
        let at = |versions: &Vec<Job>| versions.iter().rfind(|job| job.revision <= graph).cloned();
        let depends =
            |job: &Job| !job.deleted && !job.is_scheduled() && job.spec.dependencies.contains(&job_id);
        self.jobs.values().filter_map(at).filter(depends).map(|job| job.id().clone()).collect()
    }
}

impl State {
    pub fn saw_job(&mut self, process: usize, id: &JobId, job: Option<&Job>) {
        let read = JobRead {
            at: self.wall_of(process),
            at_ms: self.time.now_ms,
            paused_at: job.and_then(Job::paused_at),
            is_deleted: job.is_none_or(|job| job.deleted),
            limits: job.and_then(|job| job.limits().cloned()),
        };
        self.shadow.reads.insert((self.current_task, id.clone()), read);
    }

    pub fn saw_zones(&mut self, process: usize, zones: &ZonesInForce) {
        let what = if zones.is_settled { "zones: settled" } else { "zones: put in force" };
        self.coverage.add(what);
        self.note(process, || format!("{what}: {}", zones.version));
        self.shadow.commit(&[], &[]);
    }

    pub fn saw_commit(&mut self, process: usize, jobs: &[Job], timers: &[Timer]) {
        for job in jobs {
            let before = self.shadow.newest(job.id());
            let what = match before {
                _ if job.deleted => "job: deleted",
                None => "job: created",
                Some(before) if before.deleted => "job: created anew",
                Some(before) if before.paused_at().is_some() && job.paused_at().is_none() => "job: resumed",
                Some(before) if before.paused_at().is_none() && job.paused_at().is_some() => "job: paused",
                Some(before) if before.zones != job.zones => "job: of other zones",
                Some(_) => "job: changed",
            };
            self.coverage.add(what);
            self.note(process, || format!("{what}: {} v{}", job.id(), job.version));
        }
        self.note_timers(process, "with", timers);
        self.judge_resumed(jobs, timers);
        for job in jobs {
            self.shadow.committed_ms.insert(job.id().clone(), self.time.now_ms);
        }
        self.shadow.commit(jobs, timers);
    }

    pub fn note_timers(&mut self, process: usize, verb: &str, timers: &[Timer]) {
        for timer in timers {
            let key = &timer.key;
            self.note(process, || format!("{verb} timer {} at {} v{}", key.what, key.fire_at, timer.version));
        }
    }
}
