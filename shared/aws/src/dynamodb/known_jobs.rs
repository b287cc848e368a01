//! Cache of jobs, as this process last read them, with the age of the graph at that time.
//!
//! An answer shows what was known before the question was asked. If the process knew, when it asked,
//! that revision r of the graph had been carried out, then the answer shows all changes up to r.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use belfry_domain::{Job, JobId};

use super::{Result, error::unreadable};

/// Maximum number of cached jobs. Beyond it, all are dropped at once.
const CAPACITY: usize = 50_000;
/// Maximum age of an answer to a question about the present.
pub(crate) const NOW: Duration = Duration::from_secs(1);

/// Rows of a job's partition.
#[derive(Debug, Default)]
pub(crate) struct JobRows {
    pub(crate) head: Option<Head>,
    pub(crate) dependents: Vec<Edge>,
}

/// Newest version of a job.
#[derive(Debug)]
pub(crate) struct Head {
    /// Job, or the reason why it can't be read.
    pub(crate) job: std::result::Result<Arc<Job>, String>,
    /// Dependencies of the job. They are known even where the rest can't be read.
    pub(crate) dependencies: Vec<JobId>,
}

/// Edge to a dependent, in one of its versions.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) dependent: JobId,
    pub(crate) version: u64,
    pub(crate) since: u64,
    pub(crate) until: Option<u64>,
}

impl Edge {
    pub(crate) fn holds_at(&self, graph: u64) -> bool {
        self.since <= graph && self.until.is_none_or(|until| until > graph)
    }
}

impl JobRows {
    pub(crate) fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>> {
        match self.head.as_ref().map(|head| &head.job) {
            None => Ok(None),
            Some(Ok(job)) => Ok(Some(Arc::clone(job))),
            Some(Err(why)) => Err(unreadable(format!("job {id}"), why)),
        }
    }

    /// Job, or `None` where it is a tombstone.
    pub(crate) fn live(&self, id: &JobId) -> Result<Option<Arc<Job>>> {
        Ok(self.job(id)?.filter(|job| !job.deleted))
    }

    pub(crate) fn dependents_now(&self) -> impl Iterator<Item = &JobId> {
        self.dependents.iter().filter(|edge| edge.until.is_none()).map(|edge| &edge.dependent)
    }
}

/// Moment at which a question is asked, with the revision that is known then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    at: Instant,
    graph: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct KnownJobs {
    memory: Mutex<Memory>,
    /// Lock for the request of the graph's revision.
    pub(crate) asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Newest revision that is known to have been carried out, and the instant of the last question for
    /// it.
    graph: Option<(u64, Instant)>,
    jobs: HashMap<JobId, (Asked, Arc<JobRows>)>,
}

impl KnownJobs {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ask(&self) -> Asked {
        Asked { at: Instant::now(), graph: self.memory().graph.map(|(revision, _)| revision) }
    }

    pub(crate) fn remember(&self, id: &JobId, asked: Asked, rows: Arc<JobRows>) {
        let mut memory = self.memory();
        if memory.jobs.len() >= CAPACITY {
            memory.jobs.clear();
        }
        memory.jobs.insert(id.clone(), (asked, rows));
    }

    pub(crate) fn remember_graph(&self, revision: u64, asked: Asked) {
        let mut memory = self.memory();
        let known = memory.graph.filter(|(known, at)| (*known, *at) > (revision, asked.at));
        memory.graph = Some(known.unwrap_or((revision, asked.at)));
    }

    /// Revision of the graph, if it was asked for less than `longest` ago.
    pub(crate) fn graph(&self, longest: Duration) -> Option<u64> {
        self.memory().graph.filter(|(_, at)| at.elapsed() < longest).map(|(revision, _)| revision)
    }

    /// Rows of a job that show all changes up to this revision, if they are cached.
    pub(crate) fn rows_since(&self, id: &JobId, graph: u64) -> Option<Arc<JobRows>> {
        let memory = self.memory();
        let (asked, rows) = memory.jobs.get(id)?;
        (asked.graph >= Some(graph)).then(|| Arc::clone(rows))
    }

    /// Rows of a job from a moment ago, if no change is known since.
    pub(crate) fn rows_now(&self, id: &JobId) -> Option<Arc<JobRows>> {
        let memory = self.memory();
        let (asked, rows) = memory.jobs.get(id)?;
        let is_newest = asked.graph >= memory.graph.map(|(revision, _)| revision);
        (is_newest && asked.at.elapsed() < NOW).then(|| Arc::clone(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn id() -> JobId {
        "a".parse().unwrap()
    }

    #[test]
    fn an_answer_is_worth_what_was_known_before() {
        let known = KnownJobs::default();
        let early = known.ask();
        known.remember_graph(3, known.ask());
        known.remember(&id(), early, Arc::default());
        assert!(known.rows_since(&id(), 0).is_none(), "nothing was known");
        known.remember(&id(), known.ask(), Arc::default());
        assert!(known.rows_since(&id(), 3).is_some());
        assert!(known.rows_since(&id(), 4).is_none());
    }

    #[test]
    fn news_of_the_graph_outdate_an_answer_about_now() {
        let known = KnownJobs::default();
        // As if asked later than now: it does not get old on the way.
        let asked = Asked { at: Instant::now() + HOUR, ..known.ask() };
        known.remember(&id(), asked, Arc::default());
        assert!(known.rows_now(&id()).is_some());
        known.remember_graph(1, known.ask());
        assert!(known.rows_now(&id()).is_none());
    }

    #[test]
    fn the_graph_never_goes_back() {
        let known = KnownJobs::default();
        let early = known.ask();
        known.remember_graph(5, known.ask());
        known.remember_graph(4, early);
        assert_eq!(known.graph(HOUR), Some(5));
        assert_eq!(known.graph(Duration::ZERO), None);
    }

    #[test]
    fn an_edge_holds_from_its_version_to_the_next() {
        let edge = Edge { dependent: id(), version: 1, since: 2, until: Some(4) };
        let held: Vec<bool> = (1..=4).map(|graph| edge.holds_at(graph)).collect();
        assert_eq!(held, [false, true, true, false]);
        assert!(!edge.holds_at(u64::MAX));
        assert!(Edge { until: None, ..edge }.holds_at(u64::MAX));
    }
}
