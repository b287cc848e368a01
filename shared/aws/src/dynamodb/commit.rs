//! Commits by plan.
//!
//! A transaction holds 100 writes; a commit may need more. So its steps are written first, where no
//! reader looks. Then one conditional write moves the graph's revision on and names the plan. That
//! write is the commit. A process that finds a plan named carries it out before anything else. It does
//! not matter which process does so, how often, or how late:
//!
//! - a version or a head is replaced by one of a later commit only;
//! - a dependent's row is written once, and closed once;
//! - a timer does not replace a timer of a later version. One timer too many does no harm.
//!
//! Timers are written first and heads last: a job that can be read has its timer. The chunks of a plan
//! are removed before its name. So a writer that was refused, and finds its first chunk gone, has won
//! after all: its own first try had succeeded, and another process has carried out its plan.

use belfry_domain::Timer;
use belfry_engine::ports::{StoreError, ZonesInForce};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Result, Stores,
    capacity::Table,
    client::Written,
    error::unreadable,
    expression::{Bounds, Range, Test, Update, absent, below, is, no_row, present},
    graph::{COMMIT, DEPENDENCIES, PLAN, SINCE, UNTIL, VERSION, edge_key, graph_key, head_key, version_key},
    intents::{Intent, chunks},
    item::{Item, Key, PK},
    reads::Query,
    retry::random,
    rows::{DOC, REVISION},
    timers,
    zones::zones_of,
};

const CONCURRENT_STEPS: usize = 16;

fn chunk_key(plan: &str, number: usize) -> Key {
    Key::new(chunks_of(plan), format!("{number:06}"))
}

fn chunks_of(plan: &str) -> String {
    format!("plan#{plan}")
}

/// Outcome of the plan that the graph's row names.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// No plan is named.
    Nothing,
    CarriedOut,
    /// This version can't read the plan. A newer one carries it out. Until then jobs are read as they
    /// are, and no other definition is committed.
    Unknown {
        what: String,
        why: String,
    },
}

/// Phase of a plan: steps that may be taken at the same time. Phases are taken in this order.
#[derive(Clone, Copy)]
enum Phase {
    Timers,
    Versions,
    Dependents,
    Heads,
}

impl Stores {
    /// Commits these steps. `false` where the graph has another revision by now.
    pub(crate) async fn commit_steps(&self, revision: u64, steps: &[Intent]) -> Result<bool> {
        let plan = format!("{:016x}{:016x}", random(), random());
        let chunks = chunks(steps)?;
        let count = chunks.len();
        for (number, doc) in chunks.into_iter().enumerate() {
            let chunk = Item::from(chunk_key(&plan, number)).with(&DOC, doc);
            self.tables.put(Table::State, chunk, None).await?;
        }
        if self.name_plan(revision, &plan).await? {
            self.carry_out(&plan, revision + 1).await?;
            return Ok(true);
        }
        let chunks = (0..count).map(|number| chunk_key(&plan, number)).collect();
        self.tables.delete_all(Table::State, chunks).await?;
        Ok(false)
    }

    /// Moves the revision on and names the plan. This write is the commit.
    async fn name_plan(&self, revision: u64, plan: &str) -> Result<bool> {
        let move_on = Update::default().set(&REVISION, revision + 1).set(&PLAN, plan.to_owned());
        let unchanged = Test::All(vec![is(&REVISION, revision), absent(&PLAN)]);
        let test = if revision == 0 { Test::Any(vec![no_row(), unchanged]) } else { unchanged };
        match self.tables.update(Table::State, graph_key(), move_on, test).await? {
            Written::Done(_) => Ok(true),
            Written::Refused(Some(graph)) if graph.get(&PLAN).as_deref() == Some(plan) => Ok(true),
            Written::Refused(_) => Ok(self.tables.get(Table::State, chunk_key(plan, 0)).await?.is_none()),
        }
    }

    /// Completes the plan that the graph's row names: a commit whose process died. Returns what became
    /// of it, and the graph's revision and the zone data in force, which the same read returns.
    pub async fn carry_out_plan(&self) -> Result<(Plan, u64, Option<ZonesInForce>)> {
        let graph = self.tables.get(Table::State, graph_key()).await?;
        let Some(graph) = graph else { return Ok((Plan::Nothing, 0, None)) };
        let (revision, plan) = (graph.need(&REVISION)?, graph.get(&PLAN));
        let plan = match plan {
            Some(plan) => self.carry_out_if_known(&plan, revision).await?,
            None => Plan::Nothing,
        };
        // Whoever tends them finds out why they can't be read, and stops nothing else.
        Ok((plan, revision, zones_of(&graph).ok().flatten()))
    }

    /// Carries out a plan, unless it has steps that only a newer version knows.
    pub(crate) async fn carry_out_if_known(&self, plan: &str, commit: u64) -> Result<Plan> {
        match self.carry_out(plan, commit).await {
            Err(StoreError::Unreadable { what, why }) => Ok(Plan::Unknown { what, why }),
            outcome => outcome.map(|()| Plan::CarriedOut),
        }
    }

    pub(crate) async fn carry_out(&self, plan: &str, commit: u64) -> Result<()> {
        let all = Query::of(Range::of(chunks_of(plan), Bounds::All));
        let chunks = self.tables.query_all(Table::State, all).await?;
        let mut steps: Vec<Intent> = Vec::new();
        for chunk in &chunks {
            let broken = |why: serde_json::Error| unreadable(chunk.name(), why);
            steps.extend(serde_json::from_str::<Vec<Intent>>(&chunk.need(&DOC)?).map_err(broken)?);
        }
        for phase in [Phase::Timers, Phase::Versions, Phase::Dependents, Phase::Heads] {
            let writes: Vec<Planned> = steps.iter().filter_map(|step| write(phase, step, commit)).collect();
            let take = |write: Planned| async move {
                match write {
                    Planned::Put(table, item, test) => self.tables.put(table, item, Some(test)).await,
                    Planned::Close(key, until, test) => {
                        self.tables.update(Table::Jobs, key, Update::default().set(&UNTIL, until), test).await
                    }
                }
            };
            let taken = stream::iter(writes.into_iter().map(take)).buffer_unordered(CONCURRENT_STEPS);
            taken.try_for_each(|_| async { Ok(()) }).await?;
        }
        let chunks = chunks.iter().map(Item::key).collect();
        self.tables.delete_all(Table::State, chunks).await?;
        let still_named = is(&PLAN, plan.to_owned());
        let finish = Update::default().remove(&PLAN);
        self.tables.update(Table::State, graph_key(), finish, still_named).await.map(drop)
    }
}

enum Planned {
    Put(Table, Item, Test),
    Close(Key, u64, Test),
}

fn write(phase: Phase, step: &Intent, commit: u64) -> Option<Planned> {
    let not_newer = Test::Any(vec![no_row(), below(&COMMIT, commit)]);
    match (phase, step) {
        (Phase::Timers, Intent::Timer { key, version, checks }) => {
            let timer = Timer { key: key.clone(), version: *version, checks: *checks };
            Some(Planned::Put(Table::Timers, timers::encode(&timer), timers::not_newer(&timer)))
        }
        (Phase::Versions, Intent::Job { id, version, doc, .. }) => {
            let item = Item::from(version_key(id, *version)).with(&DOC, doc.clone()).with(&COMMIT, commit);
            Some(Planned::Put(Table::State, item, not_newer))
        }
        (Phase::Dependents, Intent::Open { dependency, dependent, version, since }) => {
            let item = Item::from(edge_key(dependency, dependent, *version)).with(&SINCE, *since);
            Some(Planned::Put(Table::Jobs, item, no_row()))
        }
        (Phase::Dependents, Intent::Close { dependency, dependent, version, until }) => {
            let is_open = Test::All(vec![present(&PK), absent(&UNTIL)]);
            Some(Planned::Close(edge_key(dependency, dependent, *version), *until, is_open))
        }
        (Phase::Heads, Intent::Job { id, version, since, dependencies, doc }) => {
            let item = Item::from(head_key(id))
                .with(&DOC, doc.clone())
                .with(&VERSION, *version)
                .with(&SINCE, *since)
                .with(&DEPENDENCIES, dependencies.clone())
                .with(&COMMIT, commit);
            Some(Planned::Put(Table::Jobs, item, not_newer))
        }
        _ => None,
    }
}
