//! Waits for the elements of a list, and the join after them.
//!
//! The execution with the list (the whole) waits for one element at a time. A wait for an element means
//! that all elements before it have ended. The end of that element passes the wait on to the next
//! element that has not ended; after the last element comes the join. So each element is read a few
//! times in all, however many there are. No end is missed, by the rule of all waits: the wait is
//! written before the element is read again, and the element's end is written before its waiters are
//! read. A notice that a crash leaves unsent is found by the element's guard or the whole's own guard.

use belfry_domain::{Change, Execution, ExecutionId, MAX_INPUT_BYTES, Status, Wait};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::{Engine, Result, base::writes::Ended};

impl Engine {
    /// Waits for the next element from `first` on that has not ended; all elements before `first` have.
    /// Joins the elements where there is no such element.
    pub(crate) async fn await_elements(&self, whole: Execution, first: u32) -> Result<Option<Ended>> {
        let mut next = first;
        while let Some(Wait::Elements(count)) = whole.wait() {
            let Some(open) = self.first_open(&whole, next, count).await? else {
                return self.join(whole, count).await;
            };
            let id = whole.id.element(open);
            self.ports.executions.add_waiter(&id, &whole.id).await?;
            // It may have ended before it could see that somebody waits.
            if self.is_open(&whole, open).await? {
                return Ok(None);
            }
            self.ports.executions.remove_waiter(&id, &whole.id).await?;
            next = open + 1;
        }
        Ok(None)
    }

    /// First element from `next` on that has not ended. It reads ahead in growing steps: mostly the
    /// next element is open, but a slow element may have delayed the reading of many.
    async fn first_open(&self, whole: &Execution, mut next: u32, count: u32) -> Result<Option<u32>> {
        let mut width = 1;
        while next < count {
            let last = count.min(next + width);
            let looks = stream::iter(next..last).map(|index| self.is_open(whole, index));
            let open: Vec<bool> = looks.buffered(self.settings.parallel).try_collect().await?;
            if let Some(place) = open.iter().position(|is_open| *is_open) {
                return Ok(Some(next + place as u32));
            }
            next = last;
            width = (width * 2).min(self.settings.parallel as u32);
        }
        Ok(None)
    }

    /// Whether an element has not ended. An element without a row has ended: its row was removed after
    /// its time.
    pub(crate) async fn is_open(&self, whole: &Execution, index: u32) -> Result<bool> {
        let element = self.ports.executions.execution(&whole.id.element(index)).await?;
        Ok(element.is_some_and(|element| !element.status.is_terminal()))
    }

    async fn join(&self, whole: Execution, count: u32) -> Result<Option<Ended>> {
        let change = match self.results_of_elements(&whole, count).await? {
            Ok(result) => Change::joined(&whole, result, self.now())?,
            Err(reason) => Change::join_failed(&whole, &reason, self.now())?,
        };
        let ended = change.row.clone();
        // Only an end can have come between.
        Ok(self.apply(change).await?.then_some((ended, whole.guard)))
    }

    /// Results in the order of the list; `None` where no element gave one. If elements failed, a text
    /// with their number.
    async fn results_of_elements(
        &self,
        whole: &Execution,
        count: u32,
    ) -> Result<std::result::Result<Option<Value>, String>> {
        let mut results = Results { values: Vec::new(), bytes: 0, failures: 0, first_failure: None };
        let mut rows = stream::iter(0..count)
            .map(|index| async move {
                let id = whole.id.element(index);
                self.ports.executions.execution(&id).await.map(|row| (id, row))
            })
            .buffered(self.settings.parallel);
        while let Some((id, row)) = rows.try_next().await? {
            match row {
                Some(row) if row.status == Status::Success => results.add(row.result),
                Some(row) => {
                    let why = row.reason.unwrap_or_else(|| row.status.to_string());
                    results.fail(|| format!("{id}: {why}"));
                }
                None => results.fail(|| format!("{id}: removed after the retention period")),
            }
        }
        Ok(results.joined(count))
    }

    /// Lets the execution of the list wait for the next element, after this element has ended.
    pub(crate) async fn tell_whole(&self, row: &Execution, index: u32) -> Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for waiter in self.ports.executions.waiters(&row.id).await? {
            if let Some(whole) = self.ports.executions.execution(&waiter).await? {
                ended.extend(self.await_elements(whole, index + 1).await?);
            }
            self.ports.executions.remove_waiter(&row.id, &waiter).await?;
        }
        Ok(ended)
    }

    /// Whether this is an element of an execution that has ended: then it must not start.
    pub(crate) async fn parent_has_ended(&self, id: &ExecutionId) -> Result<bool> {
        // One that was retried by hand runs for itself.
        let Some(whole) = id.whole().filter(|_| id.generation() == 1) else { return Ok(false) };
        let whole = self.ports.executions.execution(&whole).await?;
        Ok(whole.is_none_or(|whole| whole.status.is_terminal()))
    }
}

/// Results of a list's elements, collected.
struct Results {
    values: Vec<Value>,
    bytes: usize,
    failures: u32,
    first_failure: Option<String>,
}

impl Results {
    fn add(&mut self, result: Option<Value>) {
        let value = result.unwrap_or_default();
        self.bytes += value.to_string().len() + 1;
        if self.bytes <= MAX_INPUT_BYTES {
            self.values.push(value);
        }
    }

    fn fail(&mut self, why: impl FnOnce() -> String) {
        self.failures += 1;
        self.first_failure.get_or_insert_with(why);
    }

    fn joined(self, count: u32) -> std::result::Result<Option<Value>, String> {
        if let Some(first) = self.first_failure {
            return Err(format!("{} of {count} elements failed; first failure: {first}", self.failures));
        }
        if self.values.iter().all(Value::is_null) {
            return Ok(None);
        }
        if self.bytes > MAX_INPUT_BYTES {
            return Err(format!(
                "all {count} elements succeeded, but the list of their results has {} bytes; the maximum is \
                 {MAX_INPUT_BYTES}. Store the results elsewhere and return references",
                self.bytes
            ));
        }
        Ok(Some(Value::Array(self.values)))
    }
}
