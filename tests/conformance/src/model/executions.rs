use std::cmp::Reverse;

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, Timer, Timestamp};
use belfry_engine::ports::{Applied, Claimed, Creation, ExecutionFilter, ExecutionStore, Page, StoredOutput};

use super::{Model, Result, State, page};

impl State {
    pub(super) fn row(&self, id: &ExecutionId) -> Option<&Execution> {
        self.executions.get(id).map(|(_, row)| row)
    }

    pub(super) fn create(&mut self, row: Execution, guard: Option<Timer>) -> Creation {
        if let Some(existing) = self.row(&row.id) {
            return Creation::Exists(Box::new(existing.clone()));
        }
        let is_same = |(_, other): &&(u64, Execution)| {
            (&other.rerun_of, &other.rerun_key) == (&row.rerun_of, &row.rerun_key)
        };
        if row.rerun_key.is_some()
            && let Some((_, begun)) = self.executions.values().find(is_same)
        {
            return Creation::Exists(Box::new(begun.clone()));
        }
        self.put(guard);
        self.created += 1;
        self.executions.insert(row.id.clone(), (self.created, row));
        Creation::Created
    }

    pub(super) fn replace(&mut self, change: Change) -> Applied {
        let Some((_, row)) = self.executions.get_mut(&change.row.id) else { return Applied::Lost(None) };
        if row.revision != change.expected {
            return Applied::Lost(Some(Box::new(row.clone())));
        }
        *row = change.row;
        self.put(change.guard);
        Applied::Won
    }

    fn remove(&mut self, id: &ExecutionId) {
        self.executions.remove(id);
        self.retained.remove(id);
        self.outputs.retain(|(of, _), _| of != id);
        self.waiters.retain(|(dependency, waiter)| dependency != id && waiter != id);
    }
}

#[async_trait]
impl ExecutionStore for Model {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<Execution>> {
        Ok(self.state().row(id).cloned())
    }

    async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation> {
        Ok(self.state().create(row, guard))
    }

    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Vec<Result<Creation>> {
        let mut state = self.state();
        rows.into_iter().map(|(row, guard)| Ok(state.create(row, Some(guard)))).collect()
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed> {
        let mut state = self.state();
        let Some(row) = state.row(&request.execution_id).cloned() else { return Ok(Claimed::Missing) };
        Ok(match request.judge(&row) {
            Err(refusal) => Claimed::Refused(Box::new(row), refusal),
            Ok(change) => {
                state.replace(change.clone());
                Claimed::Started(Box::new(change.row))
            }
        })
    }

    async fn apply(&self, change: Change) -> Result<Applied> {
        Ok(self.state().replace(change))
    }

    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.state().waiters.insert((dependency.clone(), waiter.clone()));
        Ok(())
    }

    async fn waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>> {
        let state = self.state();
        Ok(state
            .waiters
            .iter()
            .filter(|(on, _)| on == dependency)
            .map(|(_, waiter)| waiter.clone())
            .collect())
    }

    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.state().waiters.remove(&(dependency.clone(), waiter.clone()));
        Ok(())
    }

    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Result<()> {
        self.state().outputs.insert((id.clone(), output.attempt), output);
        Ok(())
    }

    async fn outputs(&self, id: &ExecutionId) -> Result<Vec<StoredOutput>> {
        let state = self.state();
        Ok(state.outputs.iter().filter(|((of, _), _)| of == id).map(|(_, output)| output.clone()).collect())
    }

    async fn list(
        &self,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Execution>> {
        let state = self.state();
        let mut rows: Vec<&(u64, Execution)> =
            state.executions.values().filter(|(_, row)| filter.lets_through(row)).collect();
        rows.sort_by_key(|(created, row)| Reverse((row.due, *created)));
        let rows: Vec<Execution> = rows.into_iter().map(|(_, row)| row.clone()).collect();
        Ok(page(&rows, |row| row.id.to_string(), after, limit))
    }

    async fn latest_generation(&self, first: &ExecutionId) -> Result<u32> {
        let state = self.state();
        let generations = state.executions.keys().filter(|id| id.with_generation(1) == *first);
        Ok(generations.map(ExecutionId::generation).max().unwrap_or(0))
    }

    async fn ended_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Execution>> {
        let state = self.state();
        let from = |row: &Execution| state.retained.get(&row.id).copied().or(row.end_time);
        let mut ended: Vec<&(u64, Execution)> =
            state.executions.values().filter(|(_, row)| from(row).is_some_and(|at| at < before)).collect();
        ended.sort_by_key(|(created, _)| *created);
        Ok(ended.into_iter().take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn retain_from(&self, id: &ExecutionId, from: Option<Timestamp>) -> Result<()> {
        let mut state = self.state();
        if state.row(id).is_some_and(|row| row.end_time.is_some()) {
            state.retained.insert(id.clone(), from.unwrap_or(Timestamp::MAX));
        }
        Ok(())
    }

    async fn remove_ended(&self, ids: &[ExecutionId]) -> Result<()> {
        let mut state = self.state();
        for id in ids {
            if state.row(id).is_some_and(|row| row.end_time.is_some()) {
                state.remove(id);
            }
        }
        Ok(())
    }
}
