use async_trait::async_trait;
use belfry_domain::{ExecutionId, Gate, GateKey, Place};
use belfry_engine::ports::{Applied, Creation, GateStore, GateWrite, Passed, RowWrite};

use super::{Model, Result, State};

fn line_key(place: &Place, id: &ExecutionId) -> (GateKey, String, ExecutionId) {
    (place.gate.clone(), place.sort_key(), id.clone())
}

impl State {
    fn gate(&self, key: &GateKey) -> Gate {
        self.gates.get(key).cloned().unwrap_or_default()
    }

    fn write_row(&mut self, row: RowWrite) -> Passed {
        match row {
            RowWrite::Nothing => Passed::Done,
            RowWrite::New(row, guard) => match self.create(*row, guard) {
                Creation::Created => Passed::Done,
                Creation::Exists(row) => Passed::RowMoved(Some(row)),
            },
            RowWrite::Changed(change) => match self.replace(*change) {
                Applied::Won => Passed::Done,
                Applied::Lost(row) => Passed::RowMoved(row),
            },
        }
    }
}

#[async_trait]
impl GateStore for Model {
    async fn gates(&self, keys: &[GateKey]) -> Result<Vec<Gate>> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.gate(key)).collect())
    }

    async fn pass(&self, row: RowWrite, gates: Vec<GateWrite>) -> Result<Passed> {
        let mut state = self.state();
        if gates.iter().any(|write| state.gate(&write.key).revision != write.expected) {
            return Ok(Passed::GateMoved);
        }
        let passed = state.write_row(row);
        if passed == Passed::Done {
            for write in gates {
                match write.gate {
                    Some(gate) => state.gates.insert(write.key, gate),
                    None => state.gates.remove(&write.key),
                };
            }
        }
        Ok(passed)
    }

    async fn join_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        self.state().lines.insert(line_key(place, id), place.clone());
        Ok(())
    }

    async fn leave_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()> {
        self.state().lines.remove(&line_key(place, id));
        Ok(())
    }

    async fn line(&self, gate: &GateKey, limit: usize) -> Result<Vec<(Place, ExecutionId)>> {
        let state = self.state();
        let waiting = state.lines.iter().filter(|((of, ..), _)| of == gate);
        Ok(waiting.map(|((.., id), place)| (place.clone(), id.clone())).take(limit).collect())
    }
}
