//! Selection of executions to run again: the failures of a graph, or those that a filter lets through.

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::{Execution, ExecutionId, IdempotencyKey, JobId, Outcome, SlotName, Status};

use crate::{Engine, EngineError, Result, ports::ExecutionFilter};

/// Page of a selection, with the cursor of the next page.
#[derive(Debug, Clone)]
pub struct RerunPage {
    pub executions: Vec<Execution>,
    pub next: Option<String>,
}

impl Engine {
    /// Failed executions of the graph that this execution belongs to, at its slot. The newest execution
    /// of each job decides. With a key, executions that were run again for the key before are selected
    /// as before, so that a request can be repeated.
    ///
    /// # Errors
    /// No job of the graph has an execution at the slot, or none has failed.
    pub async fn failed_in_graph(
        &self,
        id: &ExecutionId,
        key: Option<&IdempotencyKey>,
    ) -> Result<Vec<Execution>> {
        let key = key.map(IdempotencyKey::slot_name);
        let mut failed = Vec::new();
        let mut has_any = false;
        for job_id in self.flowing_with(&id.job_id()).await? {
            let newest = ExecutionId::new(&job_id, &id.slot()).with_generation(u32::MAX);
            let row = self.newest(&newest).await?;
            has_any |= row.is_some();
            if let Some(before) = self.run_again_for(&newest, false, key.as_ref()).await? {
                failed.push(before);
            } else if let Some(row) = row.filter(|row| row.status.outcome() == Some(Outcome::Failed))
                && !self.is_begun_for(&row, key.as_ref()).await?
            {
                failed.push(row);
            }
        }
        if failed.is_empty() {
            let nothing = EngineError::Conflict(format!("no execution failed in run {id}"));
            let absent = EngineError::NotFound { what: "run", id: id.to_string() };
            return Err(if has_any { nothing } else { absent });
        }
        Ok(failed)
    }

    /// Jobs of a run at this job's slot, whatever job the run begins with.
    async fn flowing_with(&self, id: &JobId) -> Result<BTreeSet<JobId>> {
        let (_, jobs) = self.ports.jobs.connected(std::slice::from_ref(id)).await?;
        let flows = jobs.iter().filter(|job| !job.is_scheduled());
        let edges: Vec<(&JobId, &JobId)> = flows
            .flat_map(|job| job.spec.dependencies.iter().map(|dependency| (dependency, job.id())))
            .collect();
        let mut found = BTreeSet::from([id.clone()]);
        let mut ahead = vec![id.clone()];
        while let Some(job_id) = ahead.pop() {
            for (from, to) in &edges {
                let next = if **from == job_id { to } else { from };
                let touches = **from == job_id || **to == job_id;
                if touches && found.insert((*next).clone()) {
                    ahead.push((*next).clone());
                }
            }
        }
        Ok(found)
    }

    /// Page of the executions that fit the filter and ended in one of these statuses; the filter's own
    /// status is ignored. If an execution was run again since, its newest generation decides, unless it
    /// was run again for this key.
    ///
    /// # Errors
    /// The cursor is none of this selection, or the store does not answer.
    pub async fn select_for_rerun(
        &self,
        filter: &ExecutionFilter,
        statuses: &[Status],
        key: Option<&IdempotencyKey>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<RerunPage> {
        let key = key.map(IdempotencyKey::slot_name);
        let (at, after) = place(statuses, after)?;
        let listed = ExecutionFilter { status: statuses.get(at).copied(), ..filter.clone() };
        let page = self.ports.executions.list(&listed, after, limit).await?;
        let mut fitting = BTreeMap::new();
        for row in page.items {
            // Read first: what another request begins for the key after that is found behind it.
            let newest = self.newest_for(&row, filter, statuses).await?;
            let chosen = match self.run_again_for(&row.id, row.is_pushed(), key.as_ref()).await? {
                Some(before) => Some(before).filter(|before| before.id == row.id),
                None => self.not_begun_for(newest, key.as_ref()).await?,
            };
            let chosen = chosen.filter(|chosen| statuses.contains(&chosen.status));
            fitting.extend(chosen.map(|chosen| (chosen.id.clone(), chosen)));
        }
        let next = match (page.next, statuses.get(at + 1)) {
            (Some(next), _) => Some(format!("{}/{next}", statuses[at])),
            (None, Some(status)) => Some(format!("{status}/")),
            (None, None) => None,
        };
        Ok(RerunPage { executions: fitting.into_values().collect(), next })
    }

    async fn not_begun_for(
        &self,
        row: Option<Execution>,
        key: Option<&SlotName>,
    ) -> Result<Option<Execution>> {
        match row {
            Some(row) if self.is_begun_for(&row, key).await? => Ok(None),
            row => Ok(row),
        }
    }

    /// Newest generation of an execution, if the row is the newest generation that the filter lets
    /// through. Older ones are passed over, so that a slot is run again once, however often it has
    /// failed. A skipped generation has not run, so it counts only if `skipped` is asked for.
    async fn newest_for(
        &self,
        row: &Execution,
        filter: &ExecutionFilter,
        statuses: &[Status],
    ) -> Result<Option<Execution>> {
        let any = row.id.with_generation(u32::MAX);
        let of_any_status = ExecutionFilter { status: None, ..filter.clone() };
        let is_pushed = row.is_pushed();
        let counts = |row: &Execution| {
            row.is_pushed() == is_pushed
                && (row.status != Status::Skipped || statuses.contains(&Status::Skipped))
        };
        let listed = self.newest_where(&any, |row| counts(row) && of_any_status.lets_through(row)).await?;
        if listed.is_none_or(|listed| listed.id != row.id) {
            return Ok(None);
        }
        self.newest_where(&any, counts).await
    }
}

/// Position of a cursor: the index of the status that is being listed, and the cursor in its listing.
/// Statuses are listed one after the other.
fn place<'a>(statuses: &[Status], after: Option<&'a str>) -> Result<(usize, Option<&'a str>)> {
    let Some(after) = after else { return Ok((0, None)) };
    let place = after.split_once('/').and_then(|(name, after)| {
        let at = statuses.iter().position(|status| status.as_str() == name)?;
        Some((at, Some(after).filter(|after| !after.is_empty())))
    });
    place.ok_or_else(|| EngineError::invalid("cursor", "is not a cursor from an earlier page of this filter"))
}
