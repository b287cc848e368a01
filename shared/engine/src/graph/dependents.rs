//! Dependents without a schedule. The first of their dependencies to end creates them.

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::{Dependency, Execution, ExecutionId, Job, JobId, Run, Status, Timer, Trigger};

use crate::{Engine, Result, base::retry::ATTEMPTS, ports::Creation};

impl Engine {
    pub(crate) async fn create_dependent(
        &self,
        dependent: &Job,
        id: ExecutionId,
        run: &Run,
    ) -> Result<Execution> {
        let now = self.now();
        let guard = Timer::check(self.settings.shards, &id, 1, now.plus(self.settings.check_every), 0);
        let mut waiting = Execution::new(id, run.clone(), Trigger::Dependency, now, now, guard.key.clone());
        waiting.status = Status::Waiting;
        waiting.priority = dependent.spec.priority;
        waiting.dependencies = self.dependencies_in_run(dependent, &waiting).await?;
        match self.ports.executions.create(waiting.clone(), Some(guard)).await? {
            Creation::Created => self.wait_for_kept(waiting).await,
            Creation::Exists(existing) => Ok(*existing),
        }
    }

    async fn dependencies_in_run(
        &self,
        dependent: &Job,
        row: &Execution,
    ) -> Result<BTreeMap<JobId, Dependency>> {
        let mut inside = BTreeSet::new();
        for root in row.run.roots() {
            inside.extend(self.reachable(root, row.run.graph).await?);
        }
        let mut dependencies = BTreeMap::new();
        for job_id in &dependent.spec.dependencies {
            let execution_id = ExecutionId::new(job_id, &row.slot()).with_generation(row.id.generation());
            if row.run.root.is_none() || inside.contains(job_id) {
                dependencies.insert(job_id.clone(), Dependency { execution_id, outcome: None });
            } else if row.id.generation() > 1
                && let Some(kept) = self.kept(&execution_id).await?
            {
                dependencies.insert(job_id.clone(), kept);
            }
        }
        Ok(dependencies)
    }

    /// Runs a dependent once more, if another re-run or a person created its execution of this
    /// generation without regard to `row`. The new generation counts both. `None` where `row` itself has
    /// been run again since; that re-run includes the dependent. A repeated call finds the execution
    /// that the first call created.
    pub(crate) async fn run_after(&self, dependent: &Job, row: &Execution) -> Result<Option<Execution>> {
        let first = ExecutionId::new(dependent.id(), &row.slot());
        let what = || format!("the generations of {first}");
        self.retry_contended(what, ATTEMPTS, || async {
            let newest = self.newest(&row.id.with_generation(u32::MAX)).await?;
            if newest.is_some_and(|newest| newest.id.generation() > row.id.generation()) {
                return Ok(Some(None));
            }
            let latest = self.latest_generation(&first).await?;
            for generation in row.id.generation()..=latest {
                let made = self.ports.executions.execution(&first.with_generation(generation)).await?;
                if made.as_ref().is_some_and(|made| counts(made, &row.id)) {
                    return Ok(Some(made));
                }
            }
            let id = first.with_generation(latest + 1);
            let run = Run {
                id: id.to_string(),
                root: Some(dependent.id().clone()),
                more_roots: vec![],
                graph: row.run.graph,
            };
            // Another re-run may have taken this number, for an execution without `row`.
            let made = self.create_dependent(dependent, id, &run).await?;
            Ok(counts(&made, &row.id).then_some(Some(made)))
        })
        .await
    }
}

/// Whether this execution is one of those that the row waits for, or has waited for.
pub(crate) fn counts(row: &Execution, dependency: &ExecutionId) -> bool {
    row.dependencies.values().any(|counted| counted.execution_id == *dependency)
}
