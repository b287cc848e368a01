//! Re-runs of executions that have ended, as new generations on the jobs' present versions.
//!
//! A re-run begins at executions of one slot and includes everything that flows from them. Executions
//! whose dependents meet form one re-run, so that a join below them runs once; others form re-runs of
//! their own. Executions that are needed and not run again are taken over: see `kept`.

use std::collections::BTreeSet;

use belfry_domain::{Execution, ExecutionId, IdempotencyKey, JobId, Run, SlotName, Trigger};

use crate::{
    Engine, EngineError, Result,
    base::{outbox::leave_to_sweep, retry::ATTEMPTS},
    define::push::Accepted,
};

/// Maximum number of executions that a re-run begins with. Every execution of the re-run carries the
/// names of their jobs.
pub const MAX_STARTS: usize = 100;

/// Executions that are run again together, and the jobs that follow.
#[derive(Debug, Clone)]
pub struct Rerun {
    /// Executions that the re-run begins with. They have ended, and none of them can be reached from
    /// another.
    pub starts: Vec<Execution>,
    /// Number of the new generation, as far as it is known before the start.
    pub generation: u32,
    /// Jobs that can be reached from the starts, the starts' own jobs included.
    reached: BTreeSet<JobId>,
    graph: u64,
}

impl Rerun {
    /// Executions that begin the re-run, in their new generation.
    pub fn begins(&self) -> impl Iterator<Item = ExecutionId> {
        self.starts.iter().map(|old| old.id.with_generation(self.generation))
    }

    /// Executions that run after the starts, in the new generation.
    pub fn follows(&self) -> impl Iterator<Item = ExecutionId> {
        let is_start = |job_id: &&JobId| self.starts.iter().any(|old| old.job_id() == **job_id);
        let jobs = self.reached.iter().filter(move |job_id| !is_start(job_id));
        jobs.filter_map(|job_id| self.of_job(job_id))
    }

    fn of_job(&self, job_id: &JobId) -> Option<ExecutionId> {
        let slot = self.starts.first()?.slot();
        Some(ExecutionId::new(job_id, &slot).with_generation(self.generation))
    }

    fn meets(&self, other: &Self) -> bool {
        let is_same_slot =
            self.starts.first().map(Execution::slot) == other.starts.first().map(Execution::slot);
        is_same_slot && !self.reached.is_disjoint(&other.reached)
    }

    fn join(&mut self, other: Self) {
        self.starts.extend(other.starts);
        self.reached.extend(other.reached);
        self.generation = self.generation.max(other.generation);
    }

    fn run(&self, id: &ExecutionId) -> Run {
        let mut jobs = self.starts.iter().filter(|old| flows(old)).map(Execution::job_id);
        Run { id: id.to_string(), root: jobs.next(), more_roots: jobs.collect(), graph: self.graph }
    }
}

impl Engine {
    /// Runs an execution that has ended again, with everything that flows from it; once for a key.
    ///
    /// # Errors
    /// The execution does not exist or has not ended, or its job is gone.
    pub async fn retry_by_hand(&self, id: &ExecutionId, key: Option<&IdempotencyKey>) -> Result<Accepted> {
        let mut rerun = self.rerun_of(self.ended(id).await?, key).await?;
        let accepted = self.begin_rerun(&mut rerun, key).await?.into_iter().next();
        accepted.ok_or_else(|| EngineError::NotFound { what: "execution", id: id.to_string() })
    }

    /// Execution that can be run again.
    ///
    /// # Errors
    /// The execution does not exist, or has not ended.
    pub async fn ended(&self, id: &ExecutionId) -> Result<Execution> {
        let not_found = || EngineError::NotFound { what: "execution", id: id.to_string() };
        let old = self.ports.executions.execution(id).await?.ok_or_else(not_found)?;
        if !old.status.is_terminal() {
            return Err(EngineError::WrongStatus { status: old.status, verb: "retried" });
        }
        Ok(old)
    }

    pub(crate) async fn rerun_of(&self, old: Execution, key: Option<&IdempotencyKey>) -> Result<Rerun> {
        if !flows(&old) {
            let generation = self.latest_generation(&old.id).await?.max(1) + 1;
            return Ok(Rerun { starts: vec![old], generation, reached: BTreeSet::new(), graph: 0 });
        }
        let job_id = old.job_id();
        if self.ports.jobs.job(&job_id).await?.is_none_or(|job| job.deleted) {
            let not_found = || EngineError::NotFound { what: "job", id: job_id.to_string() };
            return self.begun_before(old, key).await?.ok_or_else(not_found);
        }
        let graph = self.ports.jobs.run_group(&job_id).await?.graph;
        let reached = self.reachable(&job_id, graph).await?;
        let mut rerun = Rerun { starts: vec![old], generation: 0, reached, graph };
        rerun.generation = self.next_generation(&rerun).await?;
        Ok(rerun)
    }

    /// Re-run that an earlier request with this key has begun, if its job still exists.
    async fn begun_before(&self, old: Execution, key: Option<&IdempotencyKey>) -> Result<Option<Rerun>> {
        let Some(key) = key else { return Ok(None) };
        let begun = self.begun_for(&old.id, &key.slot_name()).await?;
        let rerun = |begun: Execution| Rerun {
            starts: vec![old],
            generation: begun.id.generation(),
            reached: BTreeSet::new(),
            graph: begun.run.graph,
        };
        Ok(begun.map(rerun))
    }

    /// Next generation: higher than all generations that any job of the re-run has at the slot, so that
    /// one number names the whole re-run.
    async fn next_generation(&self, rerun: &Rerun) -> Result<u32> {
        let mut latest = 1;
        let jobs = rerun.reached.iter().filter_map(|job_id| rerun.of_job(job_id));
        for id in jobs.chain(rerun.starts.iter().map(|old| old.id.clone())) {
            latest = latest.max(self.latest_generation(&id).await?);
        }
        Ok(latest + 1)
    }

    /// Plans to run these executions again: the re-runs, and the executions that can't be run again,
    /// each with its error.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn plan_reruns(
        &self,
        executions: Vec<Execution>,
        key: Option<&IdempotencyKey>,
    ) -> Result<(Vec<Rerun>, Vec<(ExecutionId, EngineError)>)> {
        let mut reruns: Vec<Rerun> = Vec::new();
        let mut refused = Vec::new();
        for old in executions {
            let id = old.id.clone();
            match self.rerun_of(old, key).await {
                Ok(rerun) => add(&mut reruns, rerun),
                Err(error @ EngineError::Store(_)) => return Err(error),
                Err(error) => refused.push((id, error)),
            }
        }
        for rerun in &mut reruns {
            self.drop_followers(rerun).await?;
        }
        Ok((reruns, refused))
    }

    /// Drops starts that follow from another start.
    async fn drop_followers(&self, rerun: &mut Rerun) -> Result<()> {
        let mut followers = BTreeSet::new();
        for start in rerun.starts.iter().filter(|start| start.work.is_none()) {
            let mut below = self.reachable(&start.job_id(), rerun.graph).await?;
            below.remove(&start.job_id());
            followers.extend(below);
        }
        rerun.starts.retain(|start| !followers.contains(&start.job_id()));
        // Of several generations the newest; pushed work is never among others.
        rerun.starts.sort_by_key(|start| (start.job_id(), std::cmp::Reverse(start.id.generation())));
        rerun.starts.dedup_by_key(|start| start.job_id());
        Ok(())
    }

    /// Executions that the re-run needs and does not run again.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn kept_by(&self, rerun: &Rerun) -> Result<Vec<ExecutionId>> {
        let mut kept = BTreeSet::new();
        for job_id in &rerun.reached {
            let Some(job) = self.ports.jobs.job(job_id).await?.filter(|job| !job.is_scheduled()) else {
                continue;
            };
            for dependency in job.spec.dependencies.iter().filter(|id| !rerun.reached.contains(*id)) {
                if let Some(id) = rerun.of_job(dependency) {
                    kept.extend(self.kept(&id).await?.map(|kept| kept.execution_id));
                }
            }
        }
        Ok(kept.into_iter().collect())
    }

    /// Begins a re-run. When this returns, all executions that it begins with are durable. If it breaks
    /// off between two of them, the missing ones are begun by the executions that follow from both, or
    /// by the same request with the same key. Executions that were begun for the key before are not
    /// begun again.
    ///
    /// # Errors
    /// The re-run begins with too many executions, or other re-runs come first all the time.
    pub async fn begin_rerun(
        &self,
        rerun: &mut Rerun,
        key: Option<&IdempotencyKey>,
    ) -> Result<Vec<Accepted>> {
        if rerun.starts.len() > MAX_STARTS {
            let message = format!(
                "the re-run would start {} executions at once; at most {MAX_STARTS} are allowed",
                rerun.starts.len()
            );
            return Err(EngineError::Conflict(message));
        }
        let key = key.map(IdempotencyKey::slot_name);
        // Each try goes on from what the one before has left in `rerun`.
        for attempt in 0..ATTEMPTS {
            let run = self.recall(rerun, key.as_ref()).await?;
            if let Some(begun) = self.begin_as(rerun, run, key.as_ref()).await? {
                for accepted in &begun {
                    // Its end closes them too.
                    leave_to_sweep(self.close_letters(&accepted.execution).await);
                }
                return Ok(begun);
            }
            self.pause_after(attempt).await;
            rerun.generation = self.next_generation(rerun).await?;
        }
        Err(EngineError::Contended("the generations of these executions".to_owned()))
    }

    /// Begins a re-run in its generation, as a new run or as a run that was begun before. `None` where
    /// another re-run has taken the number for the first execution. Numbers that another re-run takes
    /// for later executions don't matter.
    async fn begin_as(
        &self,
        rerun: &Rerun,
        mut run: Option<Run>,
        key: Option<&SlotName>,
    ) -> Result<Option<Vec<Accepted>>> {
        let mut begun: Vec<Accepted> = Vec::with_capacity(rerun.starts.len());
        for old in &rerun.starts {
            let id = old.id.with_generation(rerun.generation);
            let is_begun = run.is_some();
            let of = run.get_or_insert_with(|| rerun.run(&id)).clone();
            let row = Execution { rerun_key: key.cloned(), ..self.start_row(old, id, of).await? };
            let accepted = self.accept(row).await?;
            if !is_begun && !accepted.is_new {
                return Ok(None);
            }
            begun.push(accepted);
        }
        Ok(Some(begun))
    }

    async fn start_row(&self, old: &Execution, id: ExecutionId, run: Run) -> Result<Execution> {
        let mut row = self.row_due_now(id, run, Trigger::Rerun);
        // Of a job, that of its present version; a backfill's low one was for that time.
        row.priority = match self.ports.jobs.job(&old.job_id()).await? {
            Some(job) if old.work.is_none() => job.spec.priority,
            _ => old.priority,
        };
        row.input.clone_from(&old.input);
        row.work.clone_from(&old.work);
        row.rerun_of = Some(old.id.clone());
        // Not to wait for, but for their results.
        row.dependencies.clone_from(&old.dependencies);
        for dependency in row.dependencies.values_mut() {
            let newest = dependency.execution_id.with_generation(u32::MAX);
            if let Some(ended) = self.newest_ended(&newest).await? {
                dependency.outcome = ended.status.outcome();
                dependency.execution_id = ended.id;
            }
        }
        Ok(row)
    }

    /// Begins an execution of a re-run whose writer died before it got to this one.
    pub(crate) async fn begin_missing(&self, id: &ExecutionId, run: &Run) -> Result<()> {
        if let Some(old) = self.newest_ended(id).await? {
            self.accept(self.start_row(&old, id.clone(), run.clone()).await?).await?;
        }
        Ok(())
    }

    /// Reduces the re-run to the one that an earlier request with this key has begun, if there is one.
    /// Executions that failed later are not added.
    pub(crate) async fn recall(&self, rerun: &mut Rerun, key: Option<&SlotName>) -> Result<Option<Run>> {
        let Some(key) = key else { return Ok(None) };
        for start in rerun.starts.clone() {
            let Some(begun) = self.begun_for(&start.id, key).await? else { continue };
            rerun.generation = begun.id.generation();
            let is_root = |old: &Execution| begun.run.roots().any(|root| *root == old.job_id());
            rerun.starts.retain(|old| old.id == start.id || is_root(old));
            return Ok(Some(begun.run));
        }
        Ok(None)
    }
}

/// Whether executions flow from this one in a re-run. Pushed work has no dependents, and an element is
/// run again by itself.
fn flows(row: &Execution) -> bool {
    !row.is_pushed() && row.id.whole().is_none()
}

/// Merges a re-run with all re-runs that share jobs with it.
fn add(reruns: &mut Vec<Rerun>, mut rerun: Rerun) {
    let (meeting, apart) = std::mem::take(reruns).into_iter().partition(|other: &Rerun| other.meets(&rerun));
    *reruns = apart;
    for other in meeting as Vec<Rerun> {
        rerun.join(other);
    }
    reruns.push(rerun);
}
