//! Store of jobs in all their versions, and of the graph's revision.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Timer};
use belfry_engine::ports::{Committed, JobStore, RunGroup};
use rusqlite::Connection;

use crate::{
    Result, Store,
    cache::{JobCache, Newest},
    error::{unavailable, unreadable},
    schema::{REVISION, meta, set_meta},
    timers::put_all,
    zones::know,
};

#[async_trait]
impl JobStore for Store {
    async fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>> {
        self.with_jobs(|cache| match cache.unreadable.get(id) {
            Some(why) => Err(unreadable(&format!("job {id}"), why)),
            None => Ok(cache.newest.get(id).cloned()),
        })
        .await?
    }

    async fn job_version(&self, id: &JobId, version: u64) -> Result<Option<Arc<Job>>> {
        let key = (id.clone(), version);
        if let Some(job) = self.with_jobs(|cache| cache.versions.get(&key).cloned()).await? {
            return Ok(Some(job));
        }
        let sought = key.clone();
        let found =
            self.read(move |connection| find_version(connection, &sought.0, sought.1)).await?.map(Arc::new);
        if let Some(job) = &found {
            let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
            cache.versions.entry(key).or_insert_with(|| Arc::clone(job));
        }
        Ok(found)
    }

    async fn all_jobs(&self) -> Result<(u64, Vec<Arc<Job>>)> {
        self.with_jobs(|cache| (cache.revision.unwrap_or(0), cache.live().cloned().collect())).await
    }

    async fn connected(&self, ids: &[JobId]) -> Result<(u64, Vec<Arc<Job>>)> {
        self.with_jobs(|cache| (cache.revision.unwrap_or(0), cache.connected(ids))).await
    }

    async fn run_group(&self, id: &JobId) -> Result<RunGroup> {
        self.with_jobs(|cache| RunGroup { name: cache.root_of(id), graph: cache.revision.unwrap_or(0) }).await
    }

    async fn dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>> {
        // Among those that can't be read there may be dependents.
        let knows = |cache: &JobCache| cache.revision.unwrap_or(0) <= graph && cache.unreadable.is_empty();
        let now = self.with_jobs(|cache| knows(cache).then(|| cache.dependents(id))).await?;
        match now {
            Some(dependents) => Ok(dependents),
            None => self.past_dependents(id, graph).await,
        }
    }

    async fn commit(&self, revision: u64, jobs: Vec<Job>, timers: Vec<Timer>) -> Result<Committed> {
        let written = jobs.clone();
        let committed = self.write(move |connection| commit(connection, revision, &jobs, &timers)).await?;
        self.note_commit(revision, written, committed).await
    }
}

impl Store {
    /// Empties the cache, because another process may have changed the jobs.
    pub(crate) fn forget_jobs(&self) {
        self.cache.write().unwrap_or_else(PoisonError::into_inner).forget();
    }

    /// Takes a commit of these jobs into the cache. A refused commit shows that another commit is
    /// durable that the cache does not have yet: the caller needs its revision to try again.
    pub(crate) async fn note_commit(
        &self,
        revision: u64,
        jobs: Vec<Job>,
        committed: Committed,
    ) -> Result<Committed> {
        match committed {
            Committed::Done => {
                let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
                cache.committed(revision, jobs);
            }
            Committed::Conflict { .. } => self.refresh_jobs().await?,
        }
        Ok(committed)
    }

    /// Reads the cache of jobs. Only the leader changes jobs, so the leader trusts its cache; other
    /// processes check first whether it is up to date.
    async fn with_jobs<T>(&self, look: impl FnOnce(&JobCache) -> T) -> Result<T> {
        let mut is_fresh = self.fence.load(std::sync::atomic::Ordering::Acquire) != 0;
        loop {
            if is_fresh {
                let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
                // Somebody may have emptied it just now.
                if cache.revision.is_some() {
                    return Ok(look(&cache));
                }
            }
            self.refresh_jobs().await?;
            is_fresh = true;
        }
    }

    pub(crate) async fn refresh_jobs(&self) -> Result<()> {
        let (known, epoch) = {
            let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
            (cache.revision, cache.epoch)
        };
        let read = self
            .read(move |connection| {
                let revision = meta(connection, REVISION).map_err(unavailable)? as u64;
                if known == Some(revision) {
                    Ok(None)
                } else {
                    Ok(Some((revision, read_newest(connection)?)))
                }
            })
            .await?;
        if let Some((revision, newest)) = read {
            let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
            // What was read may be older than what has become of the cache since.
            if cache.epoch == epoch || cache.revision.is_some_and(|known| known < revision) {
                cache.fill(revision, newest);
            }
        }
        Ok(())
    }

    async fn past_dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>> {
        let id = id.clone();
        let jobs = self
            .read(move |connection| {
                let sql = "SELECT jobs.job_id, jobs.doc FROM dependents JOIN jobs USING (job_id, version)
                           WHERE dependency = ?1 AND since <= ?2 AND (until IS NULL OR until > ?2)";
                read_jobs(connection, sql, (id.as_str(), graph.min(i64::MAX as u64)))
            })
            .await?;
        Ok(jobs.into_iter().filter(|job| !job.deleted).map(Arc::new).collect())
    }
}

fn commit(connection: &Connection, revision: u64, jobs: &[Job], timers: &[Timer]) -> Result<Committed> {
    let found = meta(connection, REVISION).map_err(unavailable)? as u64;
    if found != revision {
        return Ok(Committed::Conflict { revision: found });
    }
    for job in jobs {
        know(connection, job).map_err(|why| unreadable(&format!("job {}", job.id()), why))?;
        write_job(connection, job)?;
    }
    put_all(connection, timers)?;
    set_meta(connection, REVISION, (revision + 1) as i64).map_err(unavailable)?;
    Ok(Committed::Done)
}

fn write_job(connection: &Connection, job: &Job) -> Result<()> {
    let doc = serde_json::to_string(job).map_err(unavailable)?;
    let id = job.id().as_str();
    let close = "UPDATE jobs SET until = ?3 WHERE job_id = ?1 AND version < ?2 AND until IS NULL";
    let insert = "INSERT INTO jobs (job_id, version, since, until, doc) VALUES (?1, ?2, ?3, NULL, ?4)
                  ON CONFLICT DO UPDATE SET doc = excluded.doc";
    let depend = "INSERT OR IGNORE INTO dependents (dependency, job_id, version) VALUES (?1, ?2, ?3)";
    let write = || -> rusqlite::Result<()> {
        connection.prepare_cached(close)?.execute((id, job.version, job.revision))?;
        connection.prepare_cached(insert)?.execute((id, job.version, job.revision, doc))?;
        let mut depend = connection.prepare_cached(depend)?;
        for dependency in job.spec.dependencies.iter().filter(|_| !job.deleted) {
            depend.execute((dependency.as_str(), id, job.version))?;
        }
        Ok(())
    };
    write().map_err(unavailable)
}

fn find_version(connection: &Connection, id: &JobId, version: u64) -> Result<Option<Job>> {
    let sql = "SELECT job_id, doc FROM jobs WHERE job_id = ?1 AND version = ?2";
    Ok(read_jobs(connection, sql, (id.as_str(), version))?.pop())
}

/// Reads the newest version of every job. A job that can't be read does not hide the others.
fn read_newest(connection: &Connection) -> Result<Newest> {
    let docs = read_docs(connection, "SELECT job_id, doc FROM jobs WHERE until IS NULL ORDER BY job_id", ())?;
    let mut newest = Newest::default();
    for (id, doc) in docs {
        match (decode(connection, &doc), id.parse()) {
            (Ok(job), _) => newest.jobs.push(job),
            (Err(why), Ok(id)) => {
                tracing::error!(job.id = %id, %why, "a job can't be read");
                newest.unreadable.insert(id, why);
            }
            (Err(why), Err(_)) => tracing::error!(job.id = id, %why, "unreadable row is not a job"),
        }
    }
    Ok(newest)
}

fn read_jobs(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<Job>> {
    let docs = read_docs(connection, sql, parameters)?;
    let decode = |(id, doc): &(String, String)| {
        decode(connection, doc).map_err(|why| unreadable(&format!("job {id}"), why))
    };
    docs.iter().map(decode).collect()
}

fn decode(connection: &Connection, doc: &str) -> std::result::Result<Job, String> {
    let job = serde_json::from_str(doc).map_err(|why| why.to_string())?;
    know(connection, &job)?;
    Ok(job)
}

fn read_docs(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    let rows = statement
        .query_map(parameters, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .map_err(unavailable)?;
    rows.collect::<rusqlite::Result<_>>().map_err(unavailable)
}
