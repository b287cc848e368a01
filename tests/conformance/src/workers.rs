//! Workers, which report that they are there.

use std::collections::BTreeMap;

use belfry_engine::ports::{Load, StoreError, WorkerKind, WorkerReport};

use crate::{Backend, Verdict, fixtures::at};

pub fn report(id: &str, seen_ms: i64) -> WorkerReport {
    WorkerReport {
        id: id.to_owned(),
        kind: WorkerKind::Http,
        version: Some("1.2.3".to_owned()),
        seen_at: at(seen_ms),
        pools: [("gpu".to_owned(), Load { capacity: 4, running: 1 })].into(),
        labels: [("zone".to_owned(), "a \u{1f514}".to_owned())].into(),
    }
}

async fn ids(backend: &Backend, now_ms: i64) -> Result<Vec<String>, StoreError> {
    let workers = backend.workers.workers(at(now_ms)).await?;
    Ok(workers.into_iter().map(|worker| worker.report.id).collect())
}

pub async fn a_worker_is_listed_as_it_reports(backend: &Backend) -> Verdict {
    assert!(backend.workers.workers(at(0)).await?.is_empty());
    assert!(!backend.workers.report_worker(report("b/2", 0), at(60)).await?);
    assert!(!backend.workers.report_worker(report("a:1", 5), at(60)).await?);
    let second = WorkerReport {
        kind: WorkerKind::Daemon,
        version: None,
        pools: [("default", 1000, 7), ("command", 8, 0)]
            .map(|(pool, capacity, running)| (pool.to_owned(), Load { capacity, running }))
            .into(),
        labels: BTreeMap::new(),
        ..report("b/2", 20)
    };
    backend.workers.report_worker(second.clone(), at(80)).await?;
    let listed = backend.workers.workers(at(30)).await?;
    let reports: Vec<_> = listed.iter().map(|worker| worker.report.clone()).collect();
    assert_eq!(reports, [report("a:1", 5), second], "the newest of each, by id");
    assert!(listed.iter().all(|worker| !worker.is_draining));
    Ok(())
}

pub async fn a_silent_worker_expires(backend: &Backend) -> Verdict {
    backend.workers.report_worker(report("a", 0), at(2_000)).await?;
    backend.workers.report_worker(report("b", 0), at(9_000)).await?;
    assert_eq!(ids(backend, 1_999).await?, ["a", "b"]);
    assert_eq!(ids(backend, 2_000).await?, ["b"]);
    assert!(!backend.workers.drain_worker("a", true, at(2_000)).await?, "it is not there any more");
    assert!(!backend.workers.report_worker(report("a", 3_000), at(9_000)).await?, "and begins anew");
    assert_eq!(ids(backend, 3_000).await?, ["a", "b"]);
    backend.workers.forget_worker("b").await?;
    backend.workers.forget_worker("b").await?;
    assert_eq!(ids(backend, 3_000).await?, ["a"]);
    Ok(())
}

pub async fn a_drain_outlives_reports(backend: &Backend) -> Verdict {
    assert!(!backend.workers.drain_worker("a", true, at(0)).await?);
    assert!(backend.workers.workers(at(0)).await?.is_empty(), "a drain makes no worker");
    backend.workers.report_worker(report("a", 0), at(9_000)).await?;
    for is_draining in [true, true, false] {
        assert!(backend.workers.drain_worker("a", is_draining, at(1_000)).await?);
        assert_eq!(backend.workers.workers(at(1_000)).await?[0].is_draining, is_draining);
        assert_eq!(backend.workers.report_worker(report("a", 1_500), at(9_000)).await?, is_draining);
        assert_eq!(backend.workers.workers(at(2_000)).await?[0].is_draining, is_draining);
    }
    Ok(())
}

pub async fn a_touch_keeps_a_worker(backend: &Backend) -> Verdict {
    assert_eq!(backend.workers.touch_worker("a", at(0), at(9_000)).await?, None);
    assert!(backend.workers.workers(at(0)).await?.is_empty(), "a touch makes no worker");
    backend.workers.report_worker(report("a", 0), at(2_000)).await?;
    backend.workers.drain_worker("a", true, at(500)).await?;
    assert_eq!(backend.workers.touch_worker("a", at(1_000), at(4_000)).await?, Some(true));
    assert_eq!(backend.workers.workers(at(3_000)).await?[0].report, report("a", 1_000), "seen since");
    assert_eq!(backend.workers.touch_worker("a", at(4_000), at(9_000)).await?, None, "it had expired");
    Ok(())
}
