//! Fenced writes: each changes an execution's row only if the row is still the one that was read.

use std::time::Duration;

use belfry_domain::{Change, Execution, IllegalTransition, Status, TimerKey, leave_all};

use crate::{
    Engine, Result,
    base::retry::MANY_ATTEMPTS,
    ports::{Applied, Fact, Passed, RowWrite, StoreError},
};

/// Execution that has ended, and the timer that guards it.
pub(crate) type Ended = (Execution, TimerKey);

/// Time for which a store that does not answer is asked again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// Time for which the end of an attempt is written again: nobody else knows how the attempt ended.
pub(crate) const RESULT_PATIENCE: Duration = Duration::from_secs(900);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Engine {
    /// Repeats a write while the store does not answer.
    pub(crate) async fn persist<T, F>(
        &self,
        patience: Duration,
        write: impl Fn() -> F,
    ) -> std::result::Result<T, StoreError>
    where
        F: Future<Output = std::result::Result<T, StoreError>>,
    {
        let began = self.ports.clock.monotonic();
        let mut pause = Duration::from_millis(50);
        loop {
            match write().await {
                Err(StoreError::Unavailable(_))
                    if self.ports.clock.monotonic().saturating_sub(began) < patience =>
                {
                    self.ports.clock.sleep(pause).await;
                }
                other => return other,
            }
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    /// Writes a change of a row together with its effect on the row's gates. A change that affects no
    /// gate costs as much as any write of a row.
    pub(crate) async fn write(&self, change: Change) -> std::result::Result<Applied, StoreError> {
        let Some(exit) = change.exit else { return self.ports.executions.apply(change).await };
        let keys = change.row.gates().to_vec();
        let _turn = self.turns.take(&change.row.job_id()).await;
        let written = self
            .contend(MANY_ATTEMPTS, || async {
                let gates = self.ports.gates.gates(&keys).await?;
                let left = leave_all(&gates, &change.row.id, exit, self.now());
                let writes = self.gate_writes(&keys, &gates, left);
                if writes.is_empty() {
                    return self.ports.executions.apply(change.clone()).await.map(Some);
                }
                let row = RowWrite::Changed(Box::new(change.clone()));
                Ok(match self.ports.gates.pass(row, writes).await? {
                    Passed::Done => Some(Applied::Won),
                    Passed::RowMoved(row) => Some(Applied::Lost(row)),
                    Passed::GateMoved => None,
                })
            })
            .await?;
        // The error of a store that does not answer: the end of an attempt is written again after it.
        written.ok_or_else(|| {
            StoreError::Unavailable(format!("the limits of {} keep changing; try again", change.row.id))
        })
    }

    /// Applies a change as long as the row belongs to this claim. `None` where it no longer does.
    pub(crate) async fn write_as_holder(
        &self,
        mut row: Execution,
        make: impl Fn(&Execution, belfry_domain::Timestamp) -> std::result::Result<Change, IllegalTransition>,
    ) -> Result<Option<Execution>> {
        let claim_id = row.claim.as_ref().map(|claim| claim.id);
        loop {
            let change = make(&row, self.now())?;
            let wanted = change.row.clone();
            match self.persist(RESULT_PATIENCE, || self.write(change.clone())).await? {
                Applied::Won => return Ok(Some(self.record_end(wanted).await)),
                // The store has repeated the write, and refused its own first one.
                Applied::Lost(Some(now)) if *now == wanted => return Ok(Some(self.record_end(wanted).await)),
                Applied::Lost(Some(now)) if is_held_by(&now, claim_id) => row = *now,
                Applied::Lost(_) => return Ok(None),
            }
        }
    }

    /// Applies a change on behalf of a process that holds no claim. Returns whether it won.
    pub(crate) async fn apply(&self, change: Change) -> Result<bool> {
        let row = change.row.clone();
        let won = match self.write(change).await? {
            Applied::Won => true,
            Applied::Lost(now) => now.is_some_and(|now| *now == row),
        };
        if won && row.status.is_terminal() {
            self.record_outcome(&row).await;
        }
        Ok(won)
    }

    async fn record_end(&self, row: Execution) -> Execution {
        if let Some(claim) = row.claim.as_ref().filter(|_| row.status != Status::Running) {
            let took = self.now().since(claim.since);
            self.ports.observer.record(Fact::AttemptEnded { id: &row.id, took });
        }
        if row.status.is_terminal() {
            self.record_outcome(&row).await;
        }
        row
    }

    /// Records the end for observers. If the job can't be read, the failure counts.
    async fn record_outcome(&self, row: &Execution) {
        let is_only_recorded = self.is_only_recorded(row).await.unwrap_or(false);
        self.ports.observer.record(Fact::Ended { id: &row.id, status: row.status, is_only_recorded });
    }
}

pub(crate) fn is_held_by(row: &Execution, claim_id: Option<u64>) -> bool {
    row.status == Status::Running && row.claim.as_ref().map(|claim| claim.id) == claim_id
}
