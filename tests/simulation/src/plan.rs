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
    /// One process on a laptop: for a day it sleeps every hour, and nothing else fails.
    Laptop,
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

    /// Plan of a laptop's day.
    pub fn laptop(seed: u64) -> Self {
        Self { seed, scenario: Scenario::Laptop, mutation: None, is_loud: false }
    }

    fn is_drawn(&self) -> bool {
        self.scenario != Scenario::Laptop
    }

    /// Whether other zone data come into force during the run.
    pub fn changes_zones(&self) -> bool {
        self.is_drawn() && matches!(self.seed % 20, 3 | 4 | 6 | 13 | 19)
    }

    /// Whether wall clocks step by hours and days too: on one host, whose clock is the only one.
    pub fn steps_far(&self) -> bool {
        !self.is_drawn() || self.seed % 20 == 1
    }

    /// Whether the clock is ahead just before the faults stop, is set back then, and stays so for a while:
    /// what it has put off is due meanwhile.
    pub fn stays_back(&self) -> bool {
        self.is_drawn() && self.steps_far()
    }

    /// Whether a pool stays unserved for so long that what waits in it is hardly looked at any more, its
    /// queue full, before the faults begin.
    pub fn waits_long(&self) -> bool {
        self.is_drawn() && matches!(self.seed % 20, 2 | 7)
    }

    /// Shards of the timers: few, where lanes are not the subject.
    pub fn shards(&self) -> Shards {
        match self.scenario {
            Scenario::Mixed => Shards(2),
            Scenario::LostTicks => Settings::default().shards,
            Scenario::Standalone | Scenario::Laptop => Settings::standalone().shards,
        }
    }

    pub fn loud(self) -> Self {
        Self { is_loud: true, ..self }
    }

    pub fn breaking(self, mutation: Mutation) -> Self {
        Self { mutation: Some(mutation), ..self }
    }
}
