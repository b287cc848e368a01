//! Plan of one run.

use belfry_domain::Shards;
use belfry_engine::Settings;

use crate::mutation::Mutation;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Several processes, all kinds of jobs, all kinds of faults.
    Mixed,
    /// Two ticks in a row are lost, and nothing else fails: nothing may be late.
    LostTicks,
    /// One process in all, which loses its queues when it dies.
    Standalone,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub scenario: Scenario,
    /// Rule of the protocol that is broken on purpose.
    pub mutation: Option<Mutation>,
    /// Whether everything is printed as it happens.
    pub is_loud: bool,
}

impl Plan {
    pub fn of(seed: u64) -> Self {
        let scenario = match seed % 20 {
            0 => Scenario::LostTicks,
            1..=4 => Scenario::Standalone,
            _ => Scenario::Mixed,
        };
        Self { seed, scenario, mutation: None, is_loud: false }
    }

    /// Whether other zone data come into force during the run.
    pub fn changes_zones(&self) -> bool {
        matches!(self.seed % 20, 3 | 4 | 6 | 13 | 19)
    }

    /// Shards of the timers: few, where lanes are not the subject.
    pub fn shards(&self) -> Shards {
        match self.scenario {
            Scenario::Mixed => Shards(2),
            Scenario::LostTicks => Settings::default().shards,
            Scenario::Standalone => Settings::standalone().shards,
        }
    }

    pub fn loud(self) -> Self {
        Self { is_loud: true, ..self }
    }

    pub fn breaking(self, mutation: Mutation) -> Self {
        Self { mutation: Some(mutation), ..self }
    }
}
