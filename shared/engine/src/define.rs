//! Jobs: define, delete, pause, resume.

use std::{collections::BTreeMap, sync::Arc};

use belfry_domain::{
    Change, ExecutionId, Graph, GraphNode, Job, JobId, JobSpec, Message, Problem, Timer, Timestamp, Trigger,
    What, ZoneData, ZoneStamp, Zones, validate_job_by,
};

use crate::{Engine, EngineError, Result, ports::Committed, slots::chain::first_slot};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobChange {
    Created,
    Updated,
    Unchanged,
}

/// What applying a definition came to, or would come to.
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

    /// There was one of this name before, and it was deleted.
    fn is_born_again(&self) -> bool {
        self.before.is_none() && self.job.version > 1
    }

    fn changes_priority(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.spec.priority != self.job.spec.priority)
    }
}

/// A set of definitions, ready to be written.
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
        job.paused_at = live.as_ref().map_or_else(|| spec.paused.then_some(now), |job| job.paused_at);
        if let Some(first) = first_slot(&job, now).filter(|_| job.is_active()) {
            self.firsts.push((job.clone(), first));
        }
        let change = if live.is_some() { JobChange::Updated } else { JobChange::Created };
        self.outcomes.push(ApplyOutcome { change, job: Arc::new(job.clone()), before: live });
        self.jobs.push(job);
    }
}

/// Concurrent changes of the graph that a change gives way to before it gives up.
const COMMIT_ATTEMPTS: usize = 20;

impl Engine {
    /// Writes all of these definitions or none. `if_match` must name the present state of the
    /// only job among them; `"*"` means any, and a job that must not exist yet goes by `if_new`.
    pub async fn apply_jobs(
        &self,
        specs: Vec<JobSpec>,
        if_match: Option<&str>,
        if_new: bool,
        dry_run: bool,
    ) -> Result<Vec<ApplyOutcome>> {
        for _ in 0..COMMIT_ATTEMPTS {
            let plan = self.plan(&specs).await?;
            if let Some(outcome) = plan.outcomes.first() {
                check_match(outcome.before.as_deref(), if_match, if_new)?;
            }
            if dry_run || plan.jobs.is_empty() {
                return Ok(plan.outcomes);
            }
            if self.commit_versions(plan.revision, plan.jobs, &plan.firsts).await? {
                for outcome in plan.outcomes.iter().filter(|outcome| outcome.changes_priority()) {
                    self.reprioritise(&outcome.job).await?;
                }
                for outcome in plan.outcomes.iter().filter(|outcome| outcome.changes_limits()) {
                    self.call_up_all(outcome.job.id()).await?;
                }
                for outcome in plan.outcomes.iter().filter(|outcome| outcome.is_born_again()) {
                    self.reset_gate(outcome.job.id()).await?;
                }
                return Ok(plan.outcomes);
            }
        }
        Err(EngineError::Conflict("the jobs are being changed by others all the time; try again".to_owned()))
    }

    async fn plan(&self, specs: &[JobSpec]) -> Result<Plan> {
        let now = self.now();
        let named = |spec: &JobSpec| [vec![spec.job_id.clone()], spec.dependencies.clone()].concat();
        let ids: Vec<JobId> = specs.iter().flat_map(named).collect();
        let (revision, connected) = self.ports.jobs.connected(&ids).await?;
        // After the revision: what is committed on it was judged by what was in force with it.
        let has_zone = specs.iter().any(|spec| spec.timezone.is_some());
        let data = if has_zone { self.zones_for_definitions().await? } else { ZoneData::bundled() };
        let zones = Zones::of(Arc::clone(&data));
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
            let stamp = stamp_of(spec, before.as_deref(), &data);
            plan.add(spec, before.as_ref(), is_same, stamp, now);
        }
        let only = if let [spec] = specs { Some(spec) } else { None };
        if let Err(errors) = Graph::build(nodes.into_values().collect()) {
            problems.extend(errors.into_iter().map(|error| graph_problem(&error, only)));
        }
        if problems.is_empty() { Ok(plan) } else { Err(EngineError::Invalid(problems)) }
    }

    /// Writes new versions with the timers of their first slots, and fires those that are near; false
    /// where the graph has changed.
    pub(crate) async fn commit_versions(
        &self,
        revision: u64,
        jobs: Vec<Job>,
        firsts: &[(Job, Timestamp)],
    ) -> Result<bool> {
        // Up to one that no tick has passed: the first slots may have executions already.
        let timers: Vec<Vec<Timer>> = firsts.iter().map(|(job, slot)| self.near(job, *slot).timers).collect();
        if self.ports.jobs.commit(revision, jobs.clone(), timers.concat()).await? != Committed::Done {
            return Ok(false);
        }
        self.keep_in_step(&jobs).await;
        for ((job, slot), written) in firsts.iter().zip(&timers) {
            self.fire_near(job, *slot, written).await?;
        }
        Ok(true)
    }

    /// Deletes a job. What has not started is cancelled, what runs may finish.
    pub async fn delete_job(&self, id: &JobId, if_match: Option<&str>) -> Result<Arc<Job>> {
        for _ in 0..COMMIT_ATTEMPTS {
            let (revision, job) = self.live_job(id).await?;
            check_match(Some(&job), if_match, false)?;
            let dependents = self.ports.jobs.dependents(id, u64::MAX).await?;
            if !dependents.is_empty() {
                let names: Vec<&str> = dependents.iter().map(|job| job.id().as_str()).collect();
                let message =
                    format!("job {id} can't be deleted, because of what depends on it: {}", names.join(", "));
                return Err(EngineError::Conflict(message));
            }
            let mut tombstone =
                Job::new(job.spec.clone(), job.version + 1, revision + 1, job.created_at, self.now());
            tombstone.deleted = true;
            tombstone.zones.clone_from(&job.zones);
            if self.ports.jobs.commit(revision, vec![tombstone.clone()], vec![]).await? == Committed::Done {
                self.keep_in_step(&[tombstone]).await;
                self.cancel_unstarted_of(id).await?;
                return Ok(job);
            }
        }
        Err(EngineError::Conflict(format!("job {id} is being changed by others all the time; try again")))
    }

    /// Slots after now don't start until the job is resumed; earlier ones still do.
    pub async fn pause_job(&self, id: &JobId) -> Result<Arc<Job>> {
        for _ in 0..COMMIT_ATTEMPTS {
            let (revision, job) = self.live_job(id).await?;
            if job.paused_at.is_some() {
                return Ok(job);
            }
            let mut paused = (*job).clone();
            paused.paused_at = Some(self.now());
            if self.ports.jobs.commit(revision, vec![paused.clone()], vec![]).await? == Committed::Done {
                self.keep_in_step(std::slice::from_ref(&paused)).await;
                return Ok(Arc::new(paused));
            }
        }
        Err(EngineError::Conflict(format!("job {id} is being changed by others all the time; try again")))
    }

    /// Slots go on; those of the pause go by the misfire policy. It makes a new version: what was
    /// sent for the slots of the pause before it began must not start them now.
    pub async fn resume_job(&self, id: &JobId) -> Result<Arc<Job>> {
        for _ in 0..COMMIT_ATTEMPTS {
            let (revision, job) = self.live_job(id).await?;
            let Some(paused_at) = job.paused_at else { return Ok(job) };
            let resumed =
                Job::new(job.spec.clone(), job.version + 1, revision + 1, job.created_at, self.now())
                    .judged_by(job.zones.clone());
            let (timers, messages) = self.catch_up(&resumed, paused_at).await?;
            if self.ports.jobs.commit(revision, vec![resumed.clone()], timers).await? == Committed::Done {
                self.keep_in_step(std::slice::from_ref(&resumed)).await;
                self.send(messages).await?;
                return Ok(Arc::new(resumed));
            }
        }
        Err(EngineError::Conflict(format!("job {id} is being changed by others all the time; try again")))
    }

    async fn catch_up(&self, job: &Job, paused_at: Timestamp) -> Result<(Vec<Timer>, Vec<Message>)> {
        let Some(first) = first_slot(job, paused_at) else { return Ok((vec![], vec![])) };
        let firing = self.near(job, first);
        self.name_missed(job, &firing.missed).await?;
        Ok((firing.timers, firing.messages))
    }

    /// As far as they have rows; the others find the tombstone when their message comes.
    async fn cancel_unstarted_of(&self, id: &JobId) -> Result<()> {
        for row in self.unstarted_of(id).await? {
            let change = Change::cancelled(&row, "the job was deleted", self.now())?;
            self.end_unstarted(change, row.guard).await?;
        }
        Ok(())
    }

    /// What was due before a job got another priority, and has not started, goes into the queue of
    /// that one; the claim drops the message that comes second.
    async fn reprioritise(&self, job: &Job) -> Result<()> {
        let near = self.now().plus(self.settings.near);
        let mut messages = Vec::new();
        let unstarted = self.unstarted_of(job.id()).await?;
        // A backfill's stay behind all others, whatever the priority of the job.
        for row in unstarted.into_iter().filter(|row| row.trigger != Trigger::Backfill) {
            let change = Change::reprioritised(&row, job.spec.priority);
            let row = change.row.clone();
            if self.apply(change).await? && row.place().is_none() && row.ready_at <= near {
                messages.extend(self.message_for(&row, row.guard.clone()).await?);
            }
        }
        for timer in self.ports.timers.slots_of_job(job.id()).await? {
            let What::Slot { slot, .. } = timer.key.what else { continue };
            let id = ExecutionId::scheduled(job.id(), slot);
            if timer.key.fire_at <= self.now() && self.ports.executions.execution(&id).await?.is_none() {
                // It may run before a tick has seen its timer, and takes that along when it has ended.
                self.ensure_successor(&timer, job.id(), slot).await?;
                messages.extend(self.message_for_absent(&id, &timer).await?);
            }
        }
        self.send(messages).await
    }

    /// Gives every active job that has none the timer of its next slot. This should never find
    /// one: it is the last net below the protocol. One whose zone matters gets it in any case: its
    /// timers may be from an older version of this program, which judged it by other zone data.
    pub async fn audit(&self) -> Result<u64> {
        if let Err(error) = self.adopt_zones().await {
            tracing::error!(%error, "the zone data in force stay as they are");
        }
        let counts: BTreeMap<JobId, u64> = self.ports.timers.timers_of_jobs().await?.into_iter().collect();
        let (_, mut jobs) = self.ports.jobs.all_jobs().await?;
        if self.align_again(&jobs).await? {
            (_, jobs) = self.ports.jobs.all_jobs().await?;
        }
        let now = self.now();
        let mut mended = 0;
        for job in jobs.iter().filter(|job| job.is_active()) {
            let has_none = !counts.contains_key(job.id());
            let is_sought = has_none || job.spec.has_zone();
            let Some(slot) = first_slot(job, now).filter(|_| is_sought) else { continue };
            self.ports.timers.put_timers(vec![self.slot_timer(job, slot)]).await?;
            self.fire_near(job, slot, &[]).await?;
            if has_none {
                let job_id = job.id().clone();
                self.ports.alerts.raise(crate::ports::Alert::TimerMissing { job_id }).await?;
                mended += 1;
            }
        }
        self.reconcile_second_clock(&jobs).await?;
        Ok(mended)
    }
}

/// A definition of the zone that the job has goes on from what its slots have been judged by.
fn stamp_of(spec: &JobSpec, before: Option<&Job>, data: &ZoneData) -> Option<ZoneStamp> {
    let fresh = spec.has_zone().then(|| ZoneStamp::of(data.version()))?;
    let of_zone = before.filter(|job| !job.deleted && job.spec.timezone == spec.timezone);
    let inherited = of_zone.and_then(Job::zone_stamp).filter(|stamp| stamp.version == fresh.version);
    Some(inherited.unwrap_or(fresh))
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

/// Of the only definition the field is enough; otherwise the job must be named.
fn graph_problem(error: &belfry_domain::GraphError, only: Option<&JobSpec>) -> Problem {
    let is_own = only.is_some_and(|spec| spec.job_id.as_str() == error.job);
    let field = if is_own { error.field.clone() } else { format!("{}: {}", error.job, error.field) };
    Problem::new(field, error.problem.to_string())
}

fn check_match(before: Option<&Job>, if_match: Option<&str>, if_new: bool) -> Result<()> {
    let current = before.map_or_else(|| "absent".to_owned(), Job::etag);
    let matches = match if_match {
        None => true,
        Some("*") => before.is_some(),
        Some(tags) => tags.split(',').any(|tag| tag.trim() == current),
    };
    if !matches || (if_new && before.is_some()) {
        return Err(EngineError::PreconditionFailed { current });
    }
    Ok(())
}
