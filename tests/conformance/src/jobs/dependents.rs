//! Dependents of jobs, now and at the revision that a run follows.

use belfry_domain::Pause;
use belfry_engine::ports::StoreError;

use crate::{
    Backend, Verdict,
    fixtures::{at, job, job_id, names},
    jobs::{commit, tombstone},
};

async fn dependents(backend: &Backend, name: &str, graph: u64) -> Result<Vec<String>, StoreError> {
    Ok(names(&backend.jobs.dependents(&job_id(name), graph).await?))
}

const NONE: [&str; 0] = [];

pub async fn dependents_are_those_of_now(backend: &Backend) -> Verdict {
    let set = vec![job("a", 1, 1, &[]), job("b", 1, 1, &["a"]), job("c", 1, 1, &["a", "b"])];
    commit(backend, 0, set).await?;
    for graph in [1, 2, u64::MAX] {
        assert_eq!(dependents(backend, "a", graph).await?, ["b", "c"]);
        assert_eq!(dependents(backend, "b", graph).await?, ["c"]);
        assert_eq!(dependents(backend, "c", graph).await?, NONE);
    }
    commit(backend, 1, vec![job("c", 2, 2, &["b"])]).await?;
    assert_eq!(dependents(backend, "a", u64::MAX).await?, ["b"]);
    assert_eq!(dependents(backend, "b", u64::MAX).await?, ["c"]);
    Ok(())
}

pub async fn a_past_revision_has_its_own_dependents(backend: &Backend) -> Verdict {
    commit(backend, 0, vec![job("a", 1, 1, &[])]).await?;
    commit(backend, 1, vec![job("b", 1, 2, &["a"])]).await?;
    commit(backend, 2, vec![job("b", 2, 3, &[]), job("c", 1, 3, &["a"])]).await?;
    commit(backend, 3, vec![job("b", 3, 4, &["a", "c"])]).await?;
    assert_eq!(dependents(backend, "a", 0).await?, NONE);
    assert_eq!(dependents(backend, "a", 1).await?, NONE);
    assert_eq!(dependents(backend, "a", 2).await?, ["b"]);
    assert_eq!(dependents(backend, "a", 3).await?, ["c"]);
    assert_eq!(dependents(backend, "a", 4).await?, ["b", "c"]);
    let then = backend.jobs.dependents(&job_id("a"), 2).await?;
    assert_eq!(then.iter().map(|job| job.version).collect::<Vec<_>>(), [1], "the version of that time");
    Ok(())
}

/// `connected` must find these jobs; a store may return more.
pub async fn what_is_connected_is_found_from_anywhere(backend: &Backend) -> Verdict {
    let set =
        vec![job("a", 1, 1, &[]), job("b", 1, 1, &["a"]), job("c", 1, 1, &["b"]), job("d", 1, 1, &["a"])];
    commit(backend, 0, set).await?;
    commit(backend, 1, vec![job("alone", 1, 2, &[])]).await?;
    for name in ["a", "b", "c", "d"] {
        let (revision, found) = backend.jobs.connected(&[job_id(name)]).await?;
        let found = names(&found);
        assert_eq!(revision, 2);
        assert!(["a", "b", "c", "d"].iter().all(|each| found.iter().any(|name| name == each)), "{found:?}");
    }
    let (_, found) = backend.jobs.connected(&[job_id("c"), job_id("alone"), job_id("absent")]).await?;
    let mut found = names(&found);
    found.sort_unstable();
    assert_eq!(found, ["a", "alone", "b", "c", "d"]);
    commit(backend, 2, vec![tombstone("alone", 2, 3)]).await?;
    let (revision, found) = backend.jobs.connected(&[job_id("alone")]).await?;
    assert_eq!((revision, names(&found).contains(&"alone".to_owned())), (3, false), "only live ones");
    Ok(())
}

pub async fn a_deleted_dependent_is_none(backend: &Backend) -> Verdict {
    commit(backend, 0, vec![job("a", 1, 1, &[]), job("b", 1, 1, &["a"])]).await?;
    let mut gone = tombstone("b", 2, 2);
    gone.spec.dependencies = vec![job_id("a")];
    commit(backend, 1, vec![gone]).await?;
    assert_eq!(dependents(backend, "a", u64::MAX).await?, NONE);
    assert_eq!(dependents(backend, "a", 2).await?, NONE);
    assert_eq!(dependents(backend, "a", 1).await?, ["b"], "a run of that time still knows it");
    commit(backend, 2, vec![job("b", 3, 3, &["a"])]).await?;
    assert_eq!(dependents(backend, "a", u64::MAX).await?, ["b"]);
    assert_eq!(dependents(backend, "a", 2).await?, NONE);
    Ok(())
}

pub async fn a_pause_does_not_touch_the_past(backend: &Backend) -> Verdict {
    let mut b = job("b", 1, 1, &["a"]);
    commit(backend, 0, vec![job("a", 1, 1, &[]), b.clone()]).await?;
    b.pause = Some(Pause::at(at(1)));
    commit(backend, 1, vec![b]).await?;
    for graph in [1, 2, u64::MAX] {
        assert_eq!(dependents(backend, "a", graph).await?, ["b"], "at revision {graph}");
    }
    Ok(())
}

pub async fn a_run_is_named_after_its_first_root(backend: &Backend) -> Verdict {
    let set =
        vec![job("n", 1, 1, &[]), job("m", 1, 1, &[]), job("a", 1, 1, &["n", "m"]), job("z", 1, 1, &[])];
    commit(backend, 0, set).await?;
    for (name, root) in [("a", "m"), ("n", "m"), ("m", "m"), ("z", "z"), ("unknown", "unknown")] {
        let group = backend.jobs.run_group(&job_id(name)).await?;
        assert_eq!((group.name.as_str(), group.graph), (root, 1), "of {name}");
    }
    commit(backend, 1, vec![job("a", 2, 2, &["n"])]).await?;
    let group = backend.jobs.run_group(&job_id("a")).await?;
    assert_eq!((group.name.as_str(), group.graph), ("n", 2));
    Ok(())
}
