//! Store of jobs. The newest version and the dependents of each job are in a partition of its own; all
//! versions are beside the graph.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Timer};
use belfry_engine::ports::{Committed, JobStore, RunGroup, StoreError};

use super::{
    Result, Stores,
    capacity::Table,
    commit::Plan,
    error::{unavailable, unreadable},
    expression::{Bounds, Range, present},
    graph::{COMMIT, DEPENDENCIES, EDGE, PLAN, SINCE, UNTIL, graph_key, head_key, version_key},
    intents::steps,
    item::{ALONE, Item, SK},
    known_jobs::{Edge, Head, JobRows, NOW},
    reads::Query,
    retry::pause,
    rows::{DOC, REVISION},
};

/// Number of times that a read of the whole graph is started again because of a commit in between.
const ATTEMPTS: u32 = 30;

#[async_trait]
impl JobStore for Stores {
    async fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>> {
        let is_trusting = !self.trust_jobs_for.is_zero();
        let rows = if is_trusting { self.trusted_rows(id).await? } else { self.rows_of(id).await? };
        rows.job(id)
    }

    async fn job_version(&self, id: &JobId, version: u64) -> Result<Option<Arc<Job>>> {
        let item = self.tables.get(Table::State, version_key(id, version)).await?;
        match item {
            Some(item) => self.decode_known(&item).await.map(Some),
            None => Ok(None),
        }
    }

    async fn all_jobs(&self) -> Result<(u64, Vec<Arc<Job>>)> {
        for attempt in 0..ATTEMPTS {
            let graph = self.settle().await?;
            let heads = self.tables.scan(Table::Jobs, true, present(&DOC)).await?;
            // A head of a later commit may hide one of this revision.
            if heads.iter().all(|head| head.get(&COMMIT).is_none_or(|commit| commit <= graph)) {
                return Ok((graph, self.readable(&heads).await?));
            }
            pause(attempt).await;
        }
        Err(unavailable("other processes keep changing the jobs"))
    }

    async fn connected(&self, ids: &[JobId]) -> Result<(u64, Vec<Arc<Job>>)> {
        for attempt in 0..ATTEMPTS {
            let graph = self.settle().await?;
            let found = self.walk_connected(ids).await?;
            if self.settle().await? == graph {
                return Ok((graph, found));
            }
            pause(attempt).await;
        }
        Err(unavailable("other processes keep changing the jobs"))
    }

    async fn run_group(&self, id: &JobId) -> Result<RunGroup> {
        let graph = self.graph_within(NOW).await?;
        Ok(RunGroup { name: self.first_root(id, graph).await?, graph })
    }

    async fn dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>> {
        let known =
            if graph == u64::MAX { self.known.rows_now(id) } else { self.known.rows_since(id, graph) };
        let rows = match known {
            Some(rows) => rows,
            None => self.rows_of(id).await?,
        };
        let edges = rows.dependents.iter().filter(|edge| edge.holds_at(graph));
        let keys = edges.map(|edge| version_key(&edge.dependent, edge.version)).collect();
        let versions = self.tables.get_all(Table::State, keys).await?;
        let mut jobs = Vec::with_capacity(versions.len());
        for version in &versions {
            jobs.push(self.decode_known(version).await?);
        }
        jobs.retain(|job| !job.deleted);
        Ok(jobs)
    }

    async fn commit(&self, revision: u64, jobs: Vec<Job>, timers: Vec<Timer>) -> Result<Committed> {
        let graph = self.settle().await?;
        if graph != revision {
            return Ok(Committed::Conflict { revision: graph });
        }
        for job in &jobs {
            self.know_zones(job).await?;
        }
        let heads = jobs.iter().map(|job| head_key(job.id())).collect();
        let heads = self.tables.get_all(Table::Jobs, heads).await?;
        let steps = steps(&jobs, &timers, &heads)?;
        if self.commit_steps(revision, &steps).await? {
            self.known.remember_graph(revision + 1, self.known.ask());
            return Ok(Committed::Done);
        }
        Ok(Committed::Conflict { revision: self.settle().await? })
    }
}

impl Stores {
    /// Revision of the graph, after all changes of that revision have been written.
    pub(crate) async fn settle(&self) -> Result<u64> {
        Ok(self.settled_graph().await?.0)
    }

    /// Revision of the graph as `settle` returns it, and the graph's row, if there is one. It is the
    /// revision before a plan that only a newer version can carry out.
    pub(crate) async fn settled_graph(&self) -> Result<(u64, Option<Item>)> {
        loop {
            let asked = self.known.ask();
            let graph = self.tables.get(Table::State, graph_key()).await?;
            let revision = graph.as_ref().map_or(Ok(0), |graph| graph.need(&REVISION))?;
            let Some(plan) = graph.as_ref().and_then(|graph| graph.get(&PLAN)) else {
                self.known.remember_graph(revision, asked);
                return Ok((revision, graph));
            };
            if let Plan::Unknown { .. } = self.carry_out_if_known(&plan, revision).await? {
                self.known.remember_graph(revision - 1, asked);
                return Ok((revision - 1, graph));
            }
        }
    }

    async fn trusted_rows(&self, id: &JobId) -> Result<Arc<JobRows>> {
        let graph = self.graph_within(self.trust_jobs_for).await?;
        self.rows_since(id, graph).await
    }

    /// Revision of the graph, from an answer that is no older than `longest`. If several callers ask at
    /// once, as the messages of a batch do, one request serves all.
    async fn graph_within(&self, longest: Duration) -> Result<u64> {
        if let Some(graph) = self.known.graph(longest) {
            return Ok(graph);
        }
        let _turn = self.known.asking.lock().await;
        match self.known.graph(longest) {
            Some(graph) => Ok(graph),
            None => self.settle().await,
        }
    }

    /// Partition of a job, as it was when the graph had this revision or a later one.
    pub(crate) async fn rows_since(&self, id: &JobId, graph: u64) -> Result<Arc<JobRows>> {
        match self.known.rows_since(id, graph) {
            Some(rows) => Ok(rows),
            None => self.rows_of(id).await,
        }
    }

    pub(crate) async fn rows_of(&self, id: &JobId) -> Result<Arc<JobRows>> {
        let asked = self.known.ask();
        let all = Query::of(Range::of(id.as_str(), Bounds::All));
        let items = self.tables.query_all(Table::Jobs, all).await?;
        let mut rows = decode_rows(&items)?;
        if let Some(head) = &mut rows.head
            && let Ok(job) = &head.job
            && let Some(why) = self.why_unknown(job).await?
        {
            head.job = Err(why);
        }
        let rows = Arc::new(rows);
        self.known.remember(id, asked, Arc::clone(&rows));
        Ok(rows)
    }

    async fn decode_known(&self, item: &Item) -> Result<Arc<Job>> {
        let job = decode(item)?;
        self.know_zones(&job).await?;
        Ok(job)
    }

    /// Jobs that can be read, without tombstones. A job that can't be read does not hide the others.
    async fn readable(&self, heads: &[Item]) -> Result<Vec<Arc<Job>>> {
        let mut jobs = Vec::with_capacity(heads.len());
        for head in heads {
            match self.decode_known(head).await {
                Ok(job) if job.deleted => {}
                Ok(job) => jobs.push(job),
                Err(why @ StoreError::Unreadable { .. }) => {
                    tracing::error!(row = head.name(), %why, "a job can't be read");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(jobs)
    }
}

fn decode_rows(items: &[Item]) -> Result<JobRows> {
    let mut rows = JobRows::default();
    for item in items {
        if item.get(&SK).as_deref() == Some(ALONE) {
            rows.head = Some(decode_head(item)?);
        } else {
            rows.dependents.push(decode_edge(item)?);
        }
    }
    Ok(rows)
}

fn decode_head(item: &Item) -> Result<Head> {
    let parse = |text: String| text.parse().map_err(|why| unreadable(item.name(), why));
    let dependencies = item.need(&DEPENDENCIES)?.into_iter().map(parse).collect::<Result<_>>()?;
    Ok(Head { job: decode(item).map_err(|why| why.to_string()), dependencies })
}

fn decode_edge(item: &Item) -> Result<Edge> {
    let sk = item.need(&SK)?;
    let parse = || {
        let (dependent, version) = sk.strip_prefix(EDGE)?.rsplit_once('#')?;
        Some((dependent.parse().ok()?, version.parse().ok()?))
    };
    let (dependent, version) =
        parse().ok_or_else(|| unreadable(item.name(), "neither a job nor a dependent"))?;
    Ok(Edge { dependent, version, since: item.need(&SINCE)?, until: item.get(&UNTIL) })
}

fn decode(item: &Item) -> Result<Arc<Job>> {
    let job = serde_json::from_str(&item.need(&DOC)?).map_err(|why| unreadable(item.name(), why))?;
    Ok(Arc::new(job))
}
