//! Jobs, which are written in sets, each under the revision of the graph that the set was made from.

pub mod dependents;

use belfry_domain::{Job, Pause, Timer, Timestamp};
use belfry_engine::ports::{Committed, Position, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{ONE, at, job, job_id, names, stored},
};

pub async fn commit(backend: &Backend, revision: u64, jobs: Vec<Job>) -> Verdict {
    let committed = backend.jobs.commit(revision, jobs, vec![]).await?;
    assert_eq!(committed, Committed::Done, "at revision {revision}");
    Ok(())
}

pub async fn version_of(backend: &Backend, name: &str) -> Result<Option<(u64, bool)>, StoreError> {
    Ok(backend.jobs.job(&job_id(name)).await?.map(|job| (job.version, job.deleted)))
}

fn timer(name: &str) -> Timer {
    Timer::slot(ONE, job_id(name), 1, at(60_000))
}

async fn timers(backend: &Backend) -> Result<Vec<Timer>, StoreError> {
    let page = backend.timers.due(0, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 100).await?;
    Ok(page.timers)
}

pub fn tombstone(name: &str, version: u64, revision: u64) -> Job {
    let mut tombstone = job(name, version, revision, &[]);
    tombstone.deleted = true;
    tombstone
}

pub async fn an_empty_store_has_revision_zero(backend: &Backend) -> Verdict {
    let (revision, jobs) = backend.jobs.all_jobs().await?;
    assert_eq!((revision, jobs.len()), (0, 0));
    assert!(backend.jobs.job(&job_id("a")).await?.is_none());
    assert!(backend.jobs.job_version(&job_id("a"), 1).await?.is_none());
    assert!(backend.jobs.dependents(&job_id("a"), u64::MAX).await?.is_empty());
    Ok(())
}

pub async fn a_commit_writes_jobs_and_timers(backend: &Backend) -> Verdict {
    let (a, b) = (job("a", 1, 1, &[]), job("b", 1, 1, &["a"]));
    let committed = backend.jobs.commit(0, vec![b.clone(), a.clone()], vec![timer("a"), timer("b")]).await?;
    assert_eq!(committed, Committed::Done);
    let (revision, jobs) = backend.jobs.all_jobs().await?;
    assert_eq!((revision, names(&jobs)), (1, vec!["a".to_owned(), "b".to_owned()]));
    for wanted in [&a, &b] {
        let newest = backend.jobs.job(wanted.id()).await?;
        assert_eq!(newest.as_deref().map(stored), Some(stored(wanted)));
        let version = backend.jobs.job_version(wanted.id(), 1).await?;
        assert_eq!(version.as_deref().map(stored), Some(stored(wanted)));
    }
    assert_eq!(timers(backend).await?, [timer("a"), timer("b")]);
    Ok(())
}

pub async fn the_second_of_two_commits_writes_nothing(backend: &Backend) -> Verdict {
    commit(backend, 0, vec![job("a", 1, 1, &[])]).await?;
    let late = vec![job("a", 1, 1, &["b"]), job("b", 1, 1, &[])];
    let committed = backend.jobs.commit(0, late, vec![timer("b")]).await?;
    assert_eq!(committed, Committed::Conflict { revision: 1 });
    assert_eq!(names(&backend.jobs.all_jobs().await?.1), ["a"]);
    assert!(backend.jobs.dependents(&job_id("b"), u64::MAX).await?.is_empty());
    assert_eq!(timers(backend).await?, []);
    let ahead = backend.jobs.commit(2, vec![job("b", 1, 3, &[])], vec![]).await?;
    assert_eq!(ahead, Committed::Conflict { revision: 1 }, "a revision that has not come yet");
    Ok(())
}

pub async fn old_versions_stay(backend: &Backend) -> Verdict {
    for version in 1..=3 {
        let mut job = job("a", version, version, &[]);
        job.spec.description = Some(format!("number {version}"));
        commit(backend, version - 1, vec![job]).await?;
    }
    assert_eq!(version_of(backend, "a").await?, Some((3, false)));
    for version in 1..=3 {
        let found = backend.jobs.job_version(&job_id("a"), version).await?;
        let description = found.and_then(|job| job.spec.description.clone());
        assert_eq!(description, Some(format!("number {version}")));
    }
    assert!(backend.jobs.job_version(&job_id("a"), 4).await?.is_none());
    assert_eq!(backend.jobs.all_jobs().await?.1.len(), 1);
    Ok(())
}

pub async fn versions_go_on_past_a_tombstone(backend: &Backend) -> Verdict {
    commit(backend, 0, vec![job("a", 1, 1, &[])]).await?;
    commit(backend, 1, vec![tombstone("a", 2, 2)]).await?;
    assert_eq!(version_of(backend, "a").await?, Some((2, true)), "whoever makes the next sees the last");
    assert!(backend.jobs.all_jobs().await?.1.is_empty());
    let first = backend.jobs.job_version(&job_id("a"), 1).await?;
    assert!(first.is_some_and(|job| !job.deleted), "what runs may need its version");
    commit(backend, 2, vec![job("a", 3, 3, &[])]).await?;
    assert_eq!(version_of(backend, "a").await?, Some((3, false)));
    assert_eq!(names(&backend.jobs.all_jobs().await?.1), ["a"]);
    Ok(())
}

pub async fn a_pause_is_no_new_version(backend: &Backend) -> Verdict {
    let mut job = job("a", 1, 1, &[]);
    commit(backend, 0, vec![job.clone()]).await?;
    let noted = Pause { at: at(9), note: Some("the source is down".to_owned()) };
    for (revision, pause) in [(1, Some(Pause::at(at(5)))), (2, None), (3, Some(noted))] {
        job.pause.clone_from(&pause);
        commit(backend, revision, vec![job.clone()]).await?;
        let newest = backend.jobs.job(job.id()).await?;
        let version = backend.jobs.job_version(job.id(), 1).await?;
        for found in [newest, version] {
            assert_eq!(found.map(|job| (job.version, job.pause.clone())), Some((1, pause.clone())));
        }
        assert_eq!(backend.jobs.all_jobs().await?.0, revision + 1);
    }
    assert!(backend.jobs.job_version(&job_id("a"), 2).await?.is_none());
    Ok(())
}

pub async fn a_commit_without_jobs_counts(backend: &Backend) -> Verdict {
    assert_eq!(backend.jobs.commit(0, vec![], vec![timer("a")]).await?, Committed::Done);
    assert_eq!(backend.jobs.all_jobs().await?.0, 1);
    assert_eq!(timers(backend).await?, [timer("a")]);
    Ok(())
}
