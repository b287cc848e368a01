//! Requests of clients, one at a time, drawn from the seed.

use std::{cmp::Ordering, time::Duration};

use belfry_domain::{
    BackfillId, BackfillOrder, ExecutionId, HumanDuration, IdempotencyKey, JobId, JobSpec, Outcome as Ending,
    Priority, PushSpec, SlotRange, Timestamp,
};
use belfry_engine::{Accepted, BackfillRequest, EngineError, Precondition, PushRequest, TriggerRequest};
use serde_json::json;

use super::Node;
use crate::{
    machine::{State, rng::Rng},
    plan::Scenario,
};

type Outcome = Result<(), EngineError>;

/// Name of the jobs that may come and go.
pub const VICTIM: &str = "victim";
/// Beginning of the names of all jobs that go by the clock of `ZONE`.
pub const LOCAL: &str = "local";
/// Waits for the slot of `LOCAL` at its own, each second minute.
pub const LOCAL_REPORT: &str = "local_report";
pub const ZONE: &str = "America/Vancouver";
/// Name of the job that is triggered with one key or another.
pub const KEYED: &str = "keyed";

impl Node {
    pub(super) async fn request(&self) {
        // What pauses and changes schedules makes slots late by itself.
        let kinds = if self.installation.scenario == Scenario::LostTicks { 50 } else { 100 };
        let (name, outcome) = match self.chance(|rng| rng.below(kinds)) {
            0..34 => ("push", self.push().await),
            34..50 => ("trigger", self.trigger().await),
            50..62 => ("cancel", self.cancel().await),
            62..67 => ("retry", self.retry().await),
            67..70 => ("rerun", self.rerun().await),
            70..75 => ("redrive", self.redrive().await),
            75..83 => ("pause or resume", self.pause_or_resume().await),
            83..90 => ("update", self.update().await),
            90..95 => ("backfill", self.backfill().await),
            _ => ("delete or create", self.delete_or_create().await),
        };
        self.report(name, outcome);
    }

    /// Checks that an accepted execution is in the store.
    fn accepted(&self, accepted: &Accepted) {
        let id = &accepted.execution.id;
        self.note(|| format!("accepted {id}"));
        self.world.with(|state| {
            if state.shadow.row(id).is_none() {
                state.violate(|| format!("7: {id} was accepted and is not there"));
            }
            let poisons = state.faults.poisons && state.faults.poisoned.is_empty();
            if poisons && accepted.is_new && accepted.execution.ready_at > accepted.execution.created_at {
                state.coverage.add("fault: unreadable row");
                state.faults.poisoned.push(id.clone());
            }
        });
    }

    fn key(&self) -> Option<IdempotencyKey> {
        let key = self.chance(|rng| rng.below(40));
        format!("key-{key}").parse().ok().filter(|_| key < 20)
    }

    async fn push(&self) -> Outcome {
        let idempotency_key = self.key();
        // The same key comes with the same work.
        let word = self.chance(Rng::next);
        let mut rng = idempotency_key.as_ref().map_or(Rng::new(word), |key| Rng::of(1, &[key.as_str()], 0));
        let spec = push_spec(&mut rng);
        let request = PushRequest { spec, idempotency_key };
        let mut pushed = self.engine.push(request.clone()).await;
        while let Some(retry_after_ms) = self.refused(&pushed) {
            self.world.sleep_ms(retry_after_ms).await;
            pushed = self.engine.push(request.clone()).await;
        }
        let accepted = pushed?;
        self.world.with(|state| {
            state.coverage.add(if accepted.is_new { "push: accepted" } else { "push: known already" });
        });
        self.accepted(&accepted);
        Ok(())
    }

    /// Milliseconds for which a full queue asks to wait, where it refused the push.
    fn refused(&self, pushed: &Result<Accepted, EngineError>) -> Option<u64> {
        let Err(EngineError::Backlogged { retry_after, .. }) = pushed else { return None };
        self.world.with(|state| state.coverage.add("push: refused by a full queue"));
        Some(retry_after.as_millis() as u64)
    }

    async fn trigger(&self) -> Outcome {
        let Some(job_id) = self.any_job(|_| true) else { return Ok(()) };
        let idempotency_key = self.key();
        // The same key comes with the same input.
        let seed = idempotency_key.as_ref().map(IdempotencyKey::as_str).map(|key| key.len() as u64 % 3);
        let key = seed.unwrap_or_else(|| self.chance(|rng| rng.below(3)));
        let input = (job_id.as_str() == KEYED).then(|| json!({ "key": key }));
        // Several at once, so that workers meet at the gates.
        let several = if input.is_some() { 4 } else { 1 };
        for number in 0..several {
            let idempotency_key = idempotency_key.clone().filter(|_| number == 0);
            let input = input.clone();
            let request = TriggerRequest { job_id: job_id.clone(), input, idempotency_key };
            let accepted = self.engine.trigger(request).await?;
            self.accepted(&accepted);
        }
        Ok(())
    }

    async fn cancel(&self) -> Outcome {
        let id = if self.chance(|rng| rng.percent(25)) { self.future_slot() } else { self.any_row(false) };
        let Some(id) = id else { return Ok(()) };
        self.note(|| format!("asks to cancel {id}"));
        self.engine.cancel(&id, "cancelled by a client").await.map(drop)
    }

    async fn retry(&self) -> Outcome {
        let Some(id) = self.any_row(true) else { return Ok(()) };
        let key = self.rerun_key();
        let accepted = self.engine.retry_by_hand(&id, key.as_ref()).await?;
        if !accepted.is_new {
            self.world.with(|state| state.coverage.add("retry: begun before for its key"));
        }
        self.accepted(&accepted);
        Ok(())
    }

    /// One of few keys, so that requests are repeated, also by other clients and at the same time.
    fn rerun_key(&self) -> Option<IdempotencyKey> {
        let key = self.chance(|rng| rng.below(4));
        format!("again-{key}").parse().ok().filter(|_| key < 2)
    }

    /// Runs a graph again from its failures.
    async fn rerun(&self) -> Outcome {
        let Some(id) = self.any_failure() else { return Ok(()) };
        let key = self.rerun_key();
        let failed = self.engine.failed_in_graph(&id, key.as_ref()).await?;
        let (reruns, _) = self.engine.plan_reruns(failed, key.as_ref()).await?;
        for mut rerun in reruns {
            let has_several = rerun.starts.len() > 1;
            let keeps = !self.engine.kept_by(&rerun).await?.is_empty();
            for accepted in self.engine.begin_rerun(&mut rerun, key.as_ref()).await? {
                self.accepted(&accepted);
            }
            self.world.with(|state| {
                state.coverage.add("rerun: from what failed");
                if has_several {
                    state.coverage.add("rerun: of several together");
                }
                if keeps {
                    state.coverage.add("rerun: something taken over");
                }
            });
        }
        Ok(())
    }

    async fn redrive(&self) -> Outcome {
        let pick = |state: &mut State| {
            let letters: Vec<_> = state.shadow.dead_letters.iter().collect();
            state.rng.pick(&letters).map(|id| (*id).clone())
        };
        let Some(id) = self.world.with(pick) else { return Ok(()) };
        let key = self.rerun_key();
        match self.chance(|rng| rng.below(4)) {
            0 => self.engine.redrive_all(None, 3, key.as_ref()).await.map(drop),
            1 => self.engine.discard(&id).await.map(drop),
            _ => self.engine.redrive(&id, key.as_ref()).await.map(drop),
        }
    }

    async fn pause_or_resume(&self) -> Outcome {
        let wants_paused = self.chance(|rng| rng.percent(60));
        let paused = self.any_job(|job| job.paused_at().is_some());
        if let Some(id) = paused.filter(|_| wants_paused) {
            return self.engine.resume_job(&id).await.map(drop);
        }
        let Some(id) = self.any_job(belfry_domain::Job::is_scheduled) else { return Ok(()) };
        self.engine.pause_job(&id, None).await.map(drop)
    }

    /// Starts a backfill over the last minutes, which hold slots that have run and slots from before
    /// the job existed; or cancels, pauses or resumes a backfill that exists.
    async fn backfill(&self) -> Outcome {
        if let Some(id) = self.any_backfill().filter(|_| self.chance(|rng| rng.percent(60))) {
            return match self.chance(|rng| rng.below(4)) {
                0 => self.engine.cancel_backfill(&id, "cancelled by a client").await.map(drop),
                1 => self.engine.pause_backfill(&id).await.map(drop),
                _ => self.engine.resume_backfill(&id).await.map(drop),
            };
        }
        let Some(job_id) = self.any_job(belfry_domain::Job::is_scheduled) else { return Ok(()) };
        let now = self.engine.ports.clock.now();
        let request = self.chance(|rng| backfill_request(job_id, now, rng));
        let row = self.engine.start_backfill(&request).await?;
        self.note(|| format!("accepted backfill {} of {}, {} slots", row.id, row.job_id, row.slots));
        self.world.with(|state| {
            if !state.shadow.backfills.contains_key(&row.id) {
                state.violate(|| format!("7: backfill {} was accepted and is not there", row.id));
            }
        });
        Ok(())
    }

    fn any_backfill(&self) -> Option<BackfillId> {
        self.world.with(|state| {
            let open = state.shadow.backfills.values().filter(|row| !row.is_over());
            let ids: Vec<BackfillId> = open.map(|row| row.id.clone()).collect();
            state.rng.pick(&ids).cloned()
        })
    }

    /// Applies a new version of a job: always with another description, sometimes with another
    /// schedule, another priority or other limits.
    async fn update(&self) -> Outcome {
        let Some(job_id) = self.any_job(|_| true) else { return Ok(()) };
        let spec = self.world.with(|state| {
            let mut spec: JobSpec = state.shadow.newest(&job_id)?.spec.clone();
            spec.description = Some(format!("version {}", state.rng.next()));
            let is_bound = ["graph", LOCAL].iter().any(|name| job_id.as_str().starts_with(name));
            let is_alone = spec.dependencies.is_empty() && !is_bound;
            if is_alone && spec.schedule.is_some() && state.rng.percent(50) {
                spec.schedule =
                    state.rng.pick(&["* * * * *", "*/2 * * * *", "@every 70s"]).map(ToString::to_string);
            }
            if state.rng.percent(50) {
                spec.priority = *state.rng.pick(&Priority::ALL).unwrap_or(&spec.priority);
                state.coverage.add("job: another priority");
            }
            change_limits(&mut spec, state);
            Some(spec)
        });
        let Some(spec) = spec else { return Ok(()) };
        self.engine.apply_jobs(vec![spec], &Precondition::None).await.map(drop)
    }

    async fn delete_or_create(&self) -> Outcome {
        let Ok(id) = VICTIM.parse::<JobId>() else { return Ok(()) };
        if self.world.with(|state| state.shadow.newest(&id).is_some_and(|job| !job.deleted)) {
            return self.engine.delete_job(&id, &Precondition::None).await;
        }
        let spec = self.installation.specs.iter().find(|spec| spec.job_id == id).cloned();
        self.engine.apply_jobs(spec.into_iter().collect(), &Precondition::None).await.map(drop)
    }

    fn any_job(&self, wanted: impl Fn(&belfry_domain::Job) -> bool) -> Option<JobId> {
        self.world.with(|state| {
            let jobs: Vec<JobId> =
                state.shadow.live_jobs().filter(|job| wanted(job)).map(|job| job.id().clone()).collect();
            state.rng.pick(&jobs).cloned()
        })
    }

    fn any_row(&self, is_ended: bool) -> Option<ExecutionId> {
        self.world.with(|state| {
            let fits = |id: &&ExecutionId| {
                state.shadow.row(id).is_some_and(|row| row.status.is_terminal() == is_ended)
            };
            let ids: Vec<ExecutionId> = state.shadow.rows.keys().filter(fits).cloned().collect();
            state.rng.pick(&ids).cloned()
        })
    }

    /// Picks a failed execution, of a job of the graph where there is one.
    fn any_failure(&self) -> Option<ExecutionId> {
        self.world.with(|state| {
            let has_failed = |row: &&crate::shadow::Row| {
                row.execution.work.is_none() && row.execution.status.outcome() == Some(Ending::Failed)
            };
            let failed = state.shadow.rows.values().filter(has_failed).map(|row| row.execution.id.clone());
            let (graph, others): (Vec<_>, Vec<_>) = failed.partition(|id| id.as_str().starts_with("graph"));
            let ids = if graph.is_empty() { others } else { graph };
            state.rng.pick(&ids).cloned()
        })
    }

    fn future_slot(&self) -> Option<ExecutionId> {
        let job_id = self.any_job(belfry_domain::Job::is_scheduled)?;
        let now = self.engine.ports.clock.now();
        self.world.with(|state| {
            let job = state.shadow.newest(&job_id)?;
            let nth = state.rng.index(4);
            let slot = job.schedule()?.upcoming(now.to_utc()).nth(nth)?;
            Some(ExecutionId::scheduled(&job_id, Timestamp::from(slot)))
        })
    }
}

fn change_limits(spec: &mut JobSpec, state: &mut State) {
    for permits in [&mut spec.max_concurrency, &mut spec.max_concurrency_per_key].into_iter().flatten() {
        let now = state.rng.between(1, 4) as u32;
        match now.cmp(permits) {
            Ordering::Less => state.coverage.add("job: fewer may run at once"),
            Ordering::Equal => {}
            Ordering::Greater => state.coverage.add("job: more may run at once"),
        }
        *permits = now;
    }
    for rate in [&mut spec.rate_limit, &mut spec.rate_limit_per_key].into_iter().flatten() {
        rate.per = HumanDuration(Duration::from_secs(state.rng.between(3, 20)));
        state.coverage.add("job: another rate");
    }
}

fn backfill_request(job_id: JobId, now: Timestamp, rng: &mut Rng) -> BackfillRequest {
    let to = Timestamp(now.0 - rng.below(120_000) as i64);
    let from = Timestamp(to.0 - rng.between(60_000, 900_000) as i64);
    let order = *rng
        .pick(&[BackfillOrder::OldestFirst, BackfillOrder::NewestFirst])
        .unwrap_or(&BackfillOrder::OldestFirst);
    BackfillRequest { job_id, range: SlotRange { from, to, order }, concurrency: rng.between(1, 4) as u32 }
}

/// Push of one-time work that is due now, soon, or later than what is fired ahead.
fn push_spec(rng: &mut Rng) -> PushSpec {
    let delay_ms = match rng.below(4) {
        0 | 1 => 0,
        2 => rng.between(1, 60_000),
        _ => rng.between(200_000, 700_000),
    };
    let retry = match rng.below(3) {
        0 => json!({ "base": "2s", "max_retries": 2 }),
        1 => json!({ "base": "500s", "max_retries": 1 }),
        _ => json!({ "base": "10ms", "max_retries": 3, "max_lost": 1 }),
    };
    let mut spec = json!({
        "target": { "type": "empty" },
        "delay": format!("{delay_ms}ms"),
        "retry": retry,
        "timeout": rng.between(5, 120),
    });
    if rng.percent(20) {
        spec["execution_timeout"] = json!("90s");
    }
    if rng.percent(30) {
        spec["name"] = json!("flaky_push");
    }
    if rng.percent(20) {
        spec["starting_deadline"] = json!("30s");
    }
    serde_json::from_value(spec).unwrap_or_else(|error| unreachable!("a push of the simulation: {error}"))
}
