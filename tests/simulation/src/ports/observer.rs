//! Facts that count for coverage.

use belfry_engine::ports::{Fact, Observer};

use crate::machine::World;

pub struct SimObserver {
    pub world: World,
}

impl Observer for SimObserver {
    fn record(&self, fact: Fact<'_>) {
        let name = match fact {
            Fact::Misfired { job_id, .. } => {
                self.world.with(|state| state.passed_over(job_id));
                "slot: misfired"
            }
            Fact::Resent { .. } => "sweep: message sent again",
            Fact::HeldBack { .. } => "sweep: message held back",
            Fact::Lost { .. } => "sweep: takeover",
            _ => return,
        };
        self.world.with(|state| {
            state.met(name);
            if let Fact::HeldBack { id } = fact {
                state.shadow.held_back.insert(id.clone());
            }
        });
    }
}
