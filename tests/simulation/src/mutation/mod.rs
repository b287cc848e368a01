//! Stores that break a rule, to see whether the simulation notices.

mod standing;

use std::sync::Arc;

use belfry_domain::{
    Backfill, Change, ClaimRequest, Execution, GateKey, Job, Shards, Timer, Timestamp, What, ZoneStamp,
};
use belfry_engine::ports::{
    AlertKind, AlertRow, Applied, Claimed, Creation, DeadLetter, GateWrite, Passed, RowWrite, Store,
    StoreError,
};

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// An execution's timer goes before its end is written.
    GuardGoesFirst,
    /// No timer carries a schedule on: the successor is not written.
    SuccessorsDropped,
    /// A row is replaced even if it has changed since it was read.
    RevisionIgnored,
    /// A slot that has an execution already gets another one.
    CreationUnconditional,
    /// A claim starts the next attempt, even if it names another one.
    AttemptIgnored,
    /// No dead letter tells of an execution that failed for good.
    DeadLettersDropped,
    /// Row and guard are two writes, and the guard is forgotten.
    CreationUnguarded,
    /// Dependents that wait for an execution are not found when it ends.
    DependentsForgotten,
    /// Executions start and end, and their gates are not told.
    GatesForgotten,
    /// A gate is replaced even if it has changed since it was read.
    GateRevisionIgnored,
    /// The instant of the last start is forgotten.
    RatesForgotten,
    /// Alerts are dropped: nothing notes that something is wrong.
    AlertsDropped,
    /// No alert tells of circuit breakers.
    CircuitsUnheard,
    /// Deadlines get no timers.
    DeadlinesDropped,
    /// A backfill does not keep the names of the executions that it is about to start.
    BackfillForgets,
    /// A backfill is replaced even if it has changed since it was read.
    BackfillRevisionIgnored,
    /// A job adopts other zone data as if there had been none before.
    EarlierZonesForgotten,
    /// The sweep looks at nothing while much waits in any queue.
    LooksHeldBack,
    /// The claim of what has waited brings no nearer guard along.
    ClaimsUnguarded,
    /// A new leader looks at what has fired, and not at what is to be looked at later.
    FarLooksSpared,
    /// A chain that nobody could read goes on by one slot only.
    ChainsPieced,
    /// The end of an attempt is not written again when the store comes back.
    ResultsGivenUp,
    /// Nobody asks the process that runs an attempt whether it does.
    HoldersUnasked,
    /// The slots that a pause covered a moment ago are fired when it ends.
    PausesForgotten,
    /// The policy `skip` is treated as `latest`.
    SkipsForgotten,
    /// Cursors do not show that the clock went back.
    StepsUnseen,
}

impl Mutation {
    pub const ALL: [Self; 26] = [
        Self::GuardGoesFirst,
        Self::SuccessorsDropped,
        Self::RevisionIgnored,
        Self::CreationUnconditional,
        Self::AttemptIgnored,
        Self::DeadLettersDropped,
        Self::CreationUnguarded,
        Self::DependentsForgotten,
        Self::GatesForgotten,
        Self::GateRevisionIgnored,
        Self::RatesForgotten,
        Self::AlertsDropped,
        Self::CircuitsUnheard,
        Self::DeadlinesDropped,
        Self::BackfillForgets,
        Self::BackfillRevisionIgnored,
        Self::EarlierZonesForgotten,
        Self::LooksHeldBack,
        Self::ClaimsUnguarded,
        Self::FarLooksSpared,
        Self::ChainsPieced,
        Self::ResultsGivenUp,
        Self::HoldersUnasked,
        Self::PausesForgotten,
        Self::SkipsForgotten,
        Self::StepsUnseen,
    ];
}

/// Store, with one rule broken or none.
#[derive(Clone)]
pub struct Backend {
    pub store: Arc<dyn Store>,
    pub mutation: Option<Mutation>,
    /// Number of messages from which on the sweep sends none again into a queue.
    pub queue_limit: u64,
    pub shards: Shards,
}

impl Backend {
    pub fn breaks(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    pub async fn apply(&self, mut change: Change) -> Result<Applied> {
        if self.breaks(Mutation::RevisionIgnored)
            && let Some(now) = self.store.execution(&change.row.id).await?
        {
            change.expected = now.revision;
            change.row.revision = now.revision + 1;
        }
        self.store.apply(change).await
    }

    pub fn jobs_to_write(&self, jobs: Vec<Job>) -> Vec<Job> {
        let forget = |job: Job| {
            let now = job.zones.as_ref().map(|stamp| ZoneStamp::of(&stamp.version));
            job.judged_by(now)
        };
        if self.breaks(Mutation::EarlierZonesForgotten) {
            jobs.into_iter().map(forget).collect()
        } else {
            jobs
        }
    }

    /// Whether `GuardGoesFirst` removes the guard before this change.
    pub fn removes_before(&self, change: &Change) -> bool {
        self.breaks(Mutation::GuardGoesFirst) && change.row.status.is_terminal()
    }

    pub async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation> {
        let guard = guard.filter(|_| !self.breaks(Mutation::CreationUnguarded));
        let created = self.store.create(row, guard).await?;
        Ok(if self.breaks(Mutation::CreationUnconditional) { Creation::Created } else { created })
    }

    pub async fn claim(&self, request: &ClaimRequest) -> Result<Claimed> {
        let mut request = request.clone();
        if self.breaks(Mutation::AttemptIgnored)
            && let Some(now) = self.store.execution(&request.execution_id).await?
        {
            request.attempt = now.attempt + 1;
        }
        self.store.claim(&request).await
    }

    pub async fn pass(&self, row: RowWrite, mut gates: Vec<GateWrite>) -> Result<Passed> {
        if self.breaks(Mutation::GatesForgotten) {
            gates.clear();
        }
        if self.breaks(Mutation::RatesForgotten) {
            let kept = gates.iter_mut().filter_map(|write| write.gate.as_mut());
            kept.for_each(|gate| gate.next_start = None);
        }
        if self.breaks(Mutation::GateRevisionIgnored) {
            let keys: Vec<GateKey> = gates.iter().map(|write| write.key.clone()).collect();
            let now = self.store.gates(&keys).await?;
            for (write, gate) in gates.iter_mut().zip(now) {
                write.expected = gate.revision;
            }
        }
        self.store.pass(row, gates).await
    }

    /// Guard that comes with a new row, unless the mutation drops it.
    pub fn guards<'a>(&self, guard: &'a Timer) -> &'a [Timer] {
        if self.breaks(Mutation::CreationUnguarded) { &[] } else { std::slice::from_ref(guard) }
    }

    pub fn keeps_dead_letters(&self) -> bool {
        !self.breaks(Mutation::DeadLettersDropped)
    }

    pub fn backfill_to_write(&self, row: Backfill) -> Backfill {
        if self.breaks(Mutation::BackfillForgets) { Backfill { open: Vec::new(), ..row } } else { row }
    }

    /// Timers that are written, without those that the mutation drops.
    pub fn kept(&self, timers: Vec<Timer>, now: Timestamp) -> Vec<Timer> {
        let is_dropped = |timer: &Timer| match timer.key.what {
            What::Slot { slot, .. } => self.breaks(Mutation::SuccessorsDropped) && slot > now,
            What::Deadline { .. } => self.breaks(Mutation::DeadlinesDropped),
            _ => false,
        };
        timers.into_iter().filter(|timer| !is_dropped(timer)).collect()
    }

    pub fn drops_alert(&self, row: &AlertRow) -> bool {
        let is_of_circuit = row.kind == AlertKind::CircuitOpened;
        self.breaks(Mutation::AlertsDropped) || is_of_circuit && self.breaks(Mutation::CircuitsUnheard)
    }

    pub async fn keep_alert(&self, row: &AlertRow) -> Result<bool> {
        if self.drops_alert(row) { Ok(true) } else { self.store.keep_alert(row).await }
    }

    pub async fn add_dead_letter(&self, letter: DeadLetter) -> Result<bool> {
        if self.keeps_dead_letters() { self.store.add_dead_letter(letter).await } else { Ok(true) }
    }
}
