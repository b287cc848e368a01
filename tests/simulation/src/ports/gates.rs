//! Store of gates, and of the lines before them.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, Gate, GateKey, Place};
use belfry_engine::ports::{GateStore, GateWrite, Passed, RowWrite};

use super::{Chaos, Result};

#[async_trait]
impl GateStore for Chaos {
    async fn gates(&self, keys: &[GateKey]) -> Result<Vec<Gate>> {
        self.call("gates", self.backend.store.gates(keys)).await
    }

    async fn pass(&self, row: RowWrite, gates: Vec<GateWrite>) -> Result<Passed> {
        if let RowWrite::Changed(change) = &row
            && self.backend.removes_before(change)
        {
            belfry_engine::ports::TimerStore::remove_timer(self, &change.row.guard).await?;
        }
        self.call("pass", async {
            let row = self.backend.row_to_write(row).await?;
            let passed = self.backend.pass(row.clone(), gates.clone()).await?;
            self.world.with(|state| state.saw_pass(self.process, &row, &gates, &passed));
            Ok(passed)
        })
        .await
    }

    async fn join_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        self.note(|| format!("{id} waits in the line of {}", place.gate));
        self.call("join_waitlist", self.backend.store.join_waitlist(place, id)).await
    }

    async fn leave_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        self.call("leave_waitlist", self.backend.store.leave_waitlist(place, id)).await
    }

    async fn line(&self, gate: &GateKey, limit: usize) -> Result<Vec<(Place, ExecutionId)>> {
        self.call("line", self.backend.store.line(gate, limit)).await
    }
}
