//! Rules for the executions that re-runs bring along and take over.

use belfry_domain::{Execution, ExecutionId, Status, Trigger};

use super::Shadow;

type Verdict = Result<(), String>;

fn is_same_slot(one: &ExecutionId, other: &ExecutionId) -> bool {
    one.with_generation(1) == other.with_generation(1)
}

impl Shadow {
    /// Checks that a dependent has run again with this generation, or a later one, of its dependency.
    pub(super) fn judge_counted(&self, row: &Execution, dependent: &ExecutionId) -> Verdict {
        let generation = row.id.generation();
        let is_later = |other: &ExecutionId| is_same_slot(other, &row.id) && other.generation() >= generation;
        let counts =
            |other: &Execution| other.dependencies.values().any(|counted| is_later(&counted.execution_id));
        let made = self.rows.values().map(|made| &made.execution);
        let mut made =
            made.filter(|made| is_same_slot(&made.id, dependent) && made.id.generation() >= generation);
        let is_superseded = self.rows.keys().any(|other| is_later(other) && *other != row.id);
        if is_superseded || made.any(counts) {
            return Ok(());
        }
        Err(format!("1: {} has ended, and no generation of {dependent} counts it", row.id))
    }

    /// Checks that an execution runs again only once for a key.
    pub(super) fn judge_run_again(&self, row: &Execution) -> Verdict {
        let is_same =
            |made: &&Execution| (&made.rerun_of, &made.rerun_key) == (&row.rerun_of, &row.rerun_key);
        let twice = self.rows.values().map(|made| &made.execution).find(is_same);
        match twice.filter(|_| row.rerun_key.is_some()) {
            Some(other) => Err(format!("2: {} was begun for the same key as {}", row.id, other.id)),
            None => Ok(()),
        }
    }

    /// Checks that a dependent in a re-run counts each of its dependencies that has an execution at its
    /// slot.
    pub(super) fn judge_taken_over(&self, row: &Execution) -> Verdict {
        if row.trigger != Trigger::Dependency || row.id.generation() == 1 {
            return Ok(());
        }
        let versions = self.jobs.get(&row.job_id()).into_iter().flatten();
        let Some(job) = versions.filter(|job| job.revision <= row.run.graph).last() else { return Ok(()) };
        for dependency in &job.spec.dependencies {
            let first = ExecutionId::new(dependency, &row.slot());
            // A row that only says that a slot never ran may come in between.
            let has_run = self.row(&first).is_some_and(|first| first.status != Status::Skipped);
            if has_run && !row.dependencies.contains_key(dependency) {
                return Err(format!("{} was created and does not count {first}", row.id));
            }
        }
        Ok(())
    }
}
