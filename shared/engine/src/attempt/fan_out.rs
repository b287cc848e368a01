//! Fan-out of a list: one execution for each element.
//!
//! A job with `for_each` is claimed like any other. Its worker then creates the executions of the
//! elements, whose ids follow from its own, and releases the row, which waits for them (`elements`).
//! The number of elements is written first, so that whatever ends the whole knows which elements to
//! look for. An element that a worker creates later, after it stood still, finds the whole ended before
//! it starts.

use std::{ops::ControlFlow, time::Duration};

use belfry_domain::{Change, Execution, Job, MAX_INPUT_BYTES, Status, Timer, TimerKey, Timestamp, Trigger};
use serde_json::Value;

use crate::{
    Engine, Result,
    attempt::{
        results::Meanings,
        run::{AttemptEnd, Beat, cancelled},
    },
    base::writes::PATIENCE,
    ports::{Completion, Creation},
};

/// Number of rows that are created between two checks of the lease.
const CHUNK: usize = 100;

/// List, with the input that each of its elements gets.
struct Fan {
    list: Vec<Value>,
    /// Input of each element. `None` stands for the element itself.
    input: Option<Value>,
    meanings: Meanings,
}

impl Fan {
    fn input_of(&mut self, index: usize) -> Value {
        let element = self.list[index].clone();
        let Some(mut input) = self.input.clone() else { return element };
        self.meanings.set_element(index as u32, element);
        self.meanings.replace(&mut input);
        input
    }
}

impl Engine {
    /// Creates the executions of the elements, and lets the execution of the list wait for them.
    pub(crate) async fn fan_out(
        &self,
        row: Execution,
        since: Duration,
        job: &Job,
        guard: TimerKey,
    ) -> Result<Status> {
        let mut fan = match self.fan(&row, job).await? {
            Ok(fan) if fan.list.is_empty() => {
                let nothing = Completion::succeeded(Some(Value::Array(vec![])));
                return self.finish(row, job.work(), AttemptEnd::Completed(nothing), guard).await;
            }
            Ok(fan) => fan,
            Err(why) => {
                let failed = Completion::failed_for_good(format!("for_each: {why}"));
                return self.finish(row, job.work(), AttemptEnd::Completed(failed), guard).await;
            }
        };
        let count = fan.list.len() as u32;
        let Some(mut row) = self.write_as_holder(row, |row, _| Ok(Change::announced(row, count))).await?
        else {
            return Ok(Status::Running);
        };
        match self.create_elements(&mut row, since, job, &mut fan).await? {
            ControlFlow::Continue(()) => self.let_go(row, guard).await,
            ControlFlow::Break(AttemptEnd::LeaseLost) => Ok(Status::Running),
            ControlFlow::Break(verdict) => self.finish(row, job.work(), verdict, guard).await,
        }
    }

    /// List to fan out over, or the reason why there is none.
    async fn fan(&self, row: &Execution, job: &Job) -> Result<std::result::Result<Fan, String>> {
        let input = row.input.clone().or_else(|| job.spec.input.clone());
        let mut list = job.spec.for_each.clone().unwrap_or_default();
        let texts: Vec<&Value> = input.iter().chain([&list]).collect();
        let meanings = match self.meanings(&texts, row).await? {
            Ok(meanings) => meanings,
            Err(why) => return Ok(Err(why)),
        };
        meanings.replace(&mut list);
        let most = job.spec.max_elements() as usize;
        Ok(match list {
            Value::Array(list) if list.len() > most => {
                Err(format!("the list has {} elements; `max_elements` allows {most}", list.len()))
            }
            Value::Array(list) => fitting(Fan { list, input, meanings }),
            other => Err(format!("expected a list, found {}{}", kind(&other), hint(row))),
        })
    }

    /// Creates all elements. Breaks off where the row must no longer be fanned out.
    async fn create_elements(
        &self,
        row: &mut Execution,
        since: Duration,
        job: &Job,
        fan: &mut Fan,
    ) -> Result<ControlFlow<AttemptEnd>> {
        let mut renewed = since;
        for first in (0..fan.list.len()).step_by(CHUNK) {
            if !self.is_renewable(renewed) {
                return Ok(ControlFlow::Break(AttemptEnd::LeaseLost));
            }
            let last = fan.list.len().min(first + CHUNK);
            let inputs = (first..last).map(|index| (index as u32, fan.input_of(index))).collect();
            self.create_some(row, job, inputs).await?;
            let now = self.ports.clock.monotonic();
            if now.saturating_sub(renewed) < self.settings.heartbeat_every {
                continue;
            }
            match Box::pin(self.beat_in_time(row, None, renewed)).await {
                Beat::Renewed => renewed = now,
                Beat::CancelRequested => return Ok(ControlFlow::Break(AttemptEnd::Cancelled(None))),
                Beat::Unanswered => {}
                Beat::Lost => return Ok(ControlFlow::Break(AttemptEnd::LeaseLost)),
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Creates some elements. Elements that exist already were created by a worker that died, so their
    /// messages may be lost and are sent again.
    async fn create_some(&self, whole: &Execution, job: &Job, inputs: Vec<(u32, Value)>) -> Result<()> {
        let now = self.now();
        let rows: Vec<(Execution, Timer)> = inputs
            .into_iter()
            .map(|(index, input)| self.element_row(whole, job, index, input, now))
            .collect();
        // If one fails, all are written again: those that exist stay as they are.
        let create = || async { self.ports.executions.create_all(rows.clone()).await.into_iter().collect() };
        let creations: Vec<Creation> = self.persist(PATIENCE, create).await?;
        let mut messages = Vec::with_capacity(rows.len());
        for ((created, _), creation) in rows.into_iter().zip(creations) {
            let row = match creation {
                Creation::Created => created,
                Creation::Exists(row) => *row,
            };
            messages.extend(self.message_for(&row, row.guard.clone()).await?);
        }
        self.send(messages).await
    }

    fn element_row(
        &self,
        whole: &Execution,
        job: &Job,
        index: u32,
        input: Value,
        now: Timestamp,
    ) -> (Execution, Timer) {
        let id = whole.id.element(index);
        let guard = Timer::start(self.settings.shards, &id, 1, now);
        let mut row = Execution::new(id, whole.run.clone(), Trigger::Element, now, now, guard.key.clone());
        row.priority = whole.priority;
        row.job_version = job.version;
        row.input = Some(input);
        (row, guard)
    }

    /// Lets the execution of the list wait for its elements. The timer of the wait is written first; the
    /// old guard is removed once the row waits.
    async fn let_go(&self, row: Execution, guard: TimerKey) -> Result<Status> {
        let at = self.now().plus(self.settings.check_every);
        let timer = Timer::check(self.settings.shards, &row.id, row.attempt + 1, at, 0);
        self.persist(PATIENCE, || self.ports.timers.put_timers(vec![timer.clone()])).await?;
        let written = self
            .write_as_holder(row, |row, now| {
                if row.cancel_requested {
                    return Change::failed(row, &cancelled(row), now);
                }
                Change::fanned_out(row, timer.key.clone())
            })
            .await?;
        let Some(row) = written else { return Ok(Status::Running) };
        let status = row.status;
        if status.is_terminal() {
            self.persist_settled(row, guard).await?;
            return Ok(status);
        }
        self.after_leaving_gates(&row).await?;
        if guard != timer.key {
            self.ports.timers.remove_timer(&guard).await?;
        }
        if let Some((whole, guard)) = self.await_elements(row, 0).await? {
            self.persist_settled(whole, guard).await?;
        }
        Ok(status)
    }
}

/// Checks the size of all inputs before anything is created.
fn fitting(mut fan: Fan) -> std::result::Result<Fan, String> {
    for index in 0..fan.list.len() {
        let bytes = fan.input_of(index).to_string().len();
        if bytes > MAX_INPUT_BYTES {
            return Err(format!(
                "the input of element {index} has {bytes} bytes as JSON; at most {MAX_INPUT_BYTES} are allowed"
            ));
        }
    }
    Ok(fan)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Hint for the error: a run that did not begin with the dependency has no result of it.
fn hint(row: &Execution) -> &'static str {
    if row.dependencies.is_empty() {
        ": this run began without the dependencies of the job; trigger a dependency instead"
    } else {
        ""
    }
}
