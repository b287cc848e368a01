//! Walks over the graph, one level at a time.

use std::{collections::BTreeSet, sync::Arc};

use belfry_domain::{Job, JobId};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Result, Stores, known_jobs::JobRows};

/// Number of partitions that are read at the same time.
const CONCURRENT_READS: usize = 16;

type Level = Vec<(JobId, Arc<JobRows>)>;

impl Stores {
    /// Jobs, without tombstones, that dependencies connect with these over any number of steps.
    pub(crate) async fn walk_connected(&self, ids: &[JobId]) -> Result<Vec<Arc<Job>>> {
        let mut seen: BTreeSet<JobId> = ids.iter().cloned().collect();
        let mut ahead: Vec<JobId> = seen.iter().cloned().collect();
        let mut found = Vec::new();
        while !ahead.is_empty() {
            let level = self.read_level(ahead, None).await?;
            let mut next = Vec::new();
            for (id, rows) in &level {
                let dependencies = rows.head.iter().flat_map(|head| &head.dependencies);
                next.extend(dependencies.chain(rows.dependents_now()).cloned());
                // What can't be read leaves the others alone.
                match rows.live(id) {
                    Ok(job) => found.extend(job),
                    Err(why) => tracing::error!(job.id = %id, %why, "a job can't be read"),
                }
            }
            ahead = next.into_iter().filter(|id| seen.insert(id.clone())).collect();
        }
        Ok(found)
    }

    /// First root, by name, of all jobs that flow together with this job.
    pub(crate) async fn first_root(&self, id: &JobId, graph: u64) -> Result<JobId> {
        let (mut joined, mut roots) = (BTreeSet::new(), BTreeSet::new());
        let mut ahead = vec![(id.clone(), Arrived::Anyhow)];
        while !ahead.is_empty() {
            let (ids, ways): (Vec<JobId>, Vec<Arrived>) = ahead.drain(..).unzip();
            let level = self.read_level(ids, Some(graph)).await?;
            for ((id, rows), way) in level.iter().zip(ways) {
                let Some(job) = rows.live(id)? else { continue };
                let flows = !job.is_scheduled() && !job.spec.dependencies.is_empty();
                // A dependent that has slots of its own begins another run.
                let is_other_run = way == Arrived::AsDependent && !flows;
                if is_other_run || !joined.insert(id.clone()) {
                    continue;
                }
                if flows {
                    let new = job.spec.dependencies.iter().filter(|id| !joined.contains(*id));
                    ahead.extend(new.map(|id| (id.clone(), Arrived::Anyhow)));
                } else {
                    roots.insert(id.clone());
                }
                let new = rows.dependents_now().filter(|id| !joined.contains(*id));
                ahead.extend(new.map(|id| (id.clone(), Arrived::AsDependent)));
            }
        }
        Ok(roots.into_iter().next().unwrap_or_else(|| id.clone()))
    }

    /// Rows of these jobs, in the order of the ids: at a revision of the graph, or as they are now.
    async fn read_level(&self, ids: Vec<JobId>, graph: Option<u64>) -> Result<Level> {
        let read = |id: JobId| async move {
            let rows = match graph {
                Some(graph) => self.rows_since(&id, graph).await?,
                None => self.rows_of(&id).await?,
            };
            Ok((id, rows))
        };
        stream::iter(ids.into_iter().map(read)).buffered(CONCURRENT_READS).try_collect().await
    }
}

/// Way in which a walk reached a job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrived {
    Anyhow,
    AsDependent,
}
