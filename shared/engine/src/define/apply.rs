//! Definitions of jobs: either all jobs of a set are written, or none.

use std::{collections::BTreeMap, sync::Arc};

use belfry_domain::{
    Graph, GraphNode, Job, JobId, JobSpec, Pause, Problem, Timestamp, ZoneData, ZoneStamp, Zones,
    validate_job_by,
};

use crate::{
    Engine, EngineError, Result,
    base::retry::MANY_ATTEMPTS,
    define::{commit::the_jobs, precondition::Precondition, zones::Judges},
    slots::chain::first_slot,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobChange {
    Created,
    Updated,
    Unchanged,
}

/// Result of applying a definition. In a dry run, the result that applying it would have.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplyOutcome {
    pub change: JobChange,
    pub job: Arc<Job>,
    pub before: Option<Arc<Job>>,
}

impl ApplyOutcome {
    fn changes_limits(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.limits() != self.job.limits())
    }

    /// Whether a job of this name existed before and was deleted.
    fn is_born_again(&self) -> bool {
        self.before.is_none() && self.job.version > 1
    }

    /// Jobs whose latest slots are needed for another time after this change: the job itself, and those that
    /// it depends on or has depended on.
    fn affects(&self) -> impl Iterator<Item = &JobId> {
        let versions = [Some(&self.job), self.before.as_ref()].into_iter().flatten();
        let dependencies = versions.flat_map(|job| &job.spec.dependencies).chain([self.job.id()]);
        dependencies.filter(|_| self.change != JobChange::Unchanged)
    }

    fn changes_priority(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.spec.priority != self.job.spec.priority)
    }
}

/// Set of definitions that is ready to be written.
struct Plan {
    revision: u64,
    jobs: Vec<Job>,
    firsts: Vec<(Job, Timestamp)>,
    outcomes: Vec<ApplyOutcome>,
}

impl Plan {
    fn add(
        &mut self,
        spec: &JobSpec,
        before: Option<&Arc<Job>>,
        is_same: bool,
        zones: Option<ZoneStamp>,
        now: Timestamp,
    ) {
        let live = before.filter(|job| !job.deleted).cloned();
        if let Some(job) = before.filter(|_| is_same).cloned() {
            self.outcomes.push(ApplyOutcome { change: JobChange::Unchanged, job, before: live });
            return;
        }
        let version = before.map_or(1, |job| job.version + 1);
        let created_at = live.as_ref().map_or(now, |job| job.created_at);
        let mut job = Job::new(spec.kept(), version, self.revision + 1, created_at, now).judged_by(zones);
        job.pause = match &live {
            Some(job) => job.pause.clone(),
            None => spec.paused.then(|| Pause::at(now)),
        };
        if let Some(first) = first_slot(&job, now).filter(|_| job.is_active()) {
            self.firsts.push((job.clone(), first));
        }
        let change = if live.is_some() { JobChange::Updated } else { JobChange::Created };
        self.outcomes.push(ApplyOutcome { change, job: Arc::new(job.clone()), before: live });
        self.jobs.push(job);
    }
}

impl Engine {
    /// Tells what applying these definitions would change, and writes nothing.
    ///
    /// # Errors
    /// A definition is invalid, or the precondition fails for the first of them.
    pub async fn plan_jobs(
        &self,
        specs: &[JobSpec],
        precondition: &Precondition,
    ) -> Result<Vec<ApplyOutcome>> {
        Ok(self.plan_if(specs, precondition).await?.outcomes)
    }

    /// Applies all of these definitions or none, if the precondition holds for the first of them.
    ///
    /// # Errors
    /// A definition is invalid, the precondition fails, or other changes of the graph come first all
    /// the time.
    pub async fn apply_jobs(
        &self,
        specs: Vec<JobSpec>,
        precondition: &Precondition,
    ) -> Result<Vec<ApplyOutcome>> {
        let queued = self.definitions.lock().await;
        let outcomes = self
            .retry_contended(the_jobs, MANY_ATTEMPTS, || async {
                let plan = self.plan_if(&specs, precondition).await?;
                if plan.jobs.is_empty() {
                    return Ok(Some(plan.outcomes));
                }
                let _turn = self.graph_turn.read().await;
                let is_done = self.commit_versions(plan.revision, plan.jobs, &plan.firsts, |_| true).await?;
                Ok(is_done.then_some(plan.outcomes))
            })
            .await?;
        drop(queued);
        for outcome in outcomes.iter().filter(|outcome| outcome.changes_priority()) {
            self.reprioritise(&outcome.job).await?;
        }
        for outcome in outcomes.iter().filter(|outcome| outcome.changes_limits()) {
            self.wake_all(outcome.job.id()).await?;
        }
        for outcome in outcomes.iter().filter(|outcome| outcome.is_born_again()) {
            self.reset_gate(outcome.job.id()).await?;
        }
        self.review_latest(outcomes.iter().flat_map(ApplyOutcome::affects)).await?;
        Ok(outcomes)
    }

    async fn plan_if(&self, specs: &[JobSpec], precondition: &Precondition) -> Result<Plan> {
        let plan = self.plan(specs).await?;
        if let Some(outcome) = plan.outcomes.first() {
            precondition.check(outcome.before.as_deref())?;
        }
        Ok(plan)
    }

    async fn plan(&self, specs: &[JobSpec]) -> Result<Plan> {
        let now = self.now();
        let named = |spec: &JobSpec| [vec![spec.job_id.clone()], spec.dependencies.clone()].concat();
        let ids: Vec<JobId> = specs.iter().flat_map(named).collect();
        let (revision, connected) = self.ports.jobs.connected(&ids).await?;
        // After the revision: what is committed on it was judged by what was in force with it.
        let has_zone = specs.iter().any(|spec| spec.timezone.is_some());
        let judges = if has_zone { Some(self.zones_for_definitions().await?) } else { None };
        let data = judges.as_ref().map_or_else(ZoneData::bundled, |judges| Arc::clone(&judges.data));
        let zones = Zones::of(data);
        let since = now.minus(self.settings.retention);
        let mut nodes: BTreeMap<JobId, GraphNode> =
            connected.iter().map(|job| (job.id().clone(), node(&job.spec))).collect();
        let mut plan = Plan { revision, jobs: Vec::new(), firsts: Vec::new(), outcomes: Vec::new() };
        let mut problems = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let prefix =
                if specs.len() == 1 { String::new() } else { format!("jobs[{index}] ({}): ", spec.job_id) };
            let before = self.ports.jobs.job(&spec.job_id).await?;
            let is_same = before.as_ref().is_some_and(|job| !job.deleted && job.spec == spec.kept());
            if !is_same {
                problems.extend(
                    validate_job_by(&zones, spec, now).into_iter().map(|problem| prefixed(problem, &prefix)),
                );
            }
            if specs[..index].iter().any(|other| other.job_id == spec.job_id) {
                problems.push(Problem::new(format!("{prefix}job_id"), "is defined twice"));
            }
            nodes.insert(spec.job_id.clone(), node(spec));
            let stamp = judges.as_ref().and_then(|judges| stamp_of(spec, before.as_deref(), judges, since));
            plan.add(spec, before.as_ref(), is_same, stamp, now);
        }
        let only = if let [spec] = specs { Some(spec) } else { None };
        if let Err(errors) = Graph::build(nodes.into_values().collect()) {
            problems.extend(errors.into_iter().map(|error| graph_problem(&error, only)));
        }
        if problems.is_empty() { Ok(plan) } else { Err(EngineError::Invalid(problems)) }
    }
}

/// Zone stamp of a definition. While the zone stays the same, the stamp of the version before is
/// inherited.
fn stamp_of(spec: &JobSpec, before: Option<&Job>, judges: &Judges, since: Timestamp) -> Option<ZoneStamp> {
    let zone = spec.timezone.as_deref().filter(|_| spec.has_zone())?;
    let of_zone = before.filter(|job| !job.deleted && job.spec.timezone == spec.timezone);
    let inherited = of_zone.and_then(Job::zone_stamp).filter(|stamp| stamp.version == judges.data.version());
    Some(inherited.unwrap_or_else(|| judges.stamp(zone, since)))
}

fn node(spec: &JobSpec) -> GraphNode {
    GraphNode {
        id: spec.job_id.to_string(),
        schedule: spec.schedule_key(),
        dependencies: spec.dependencies.iter().map(ToString::to_string).collect(),
    }
}

fn prefixed(problem: Problem, prefix: &str) -> Problem {
    Problem { field: format!("{prefix}{}", problem.field), ..problem }
}

/// Describes an error of the graph as a problem of a definition. It names the job, unless only one
/// definition was given.
fn graph_problem(error: &belfry_domain::GraphError, only: Option<&JobSpec>) -> Problem {
    let is_own = only.is_some_and(|spec| spec.job_id.as_str() == error.job);
    let field = if is_own { error.field.clone() } else { format!("{}: {}", error.job, error.field) };
    Problem::new(field, error.problem.to_string())
}
