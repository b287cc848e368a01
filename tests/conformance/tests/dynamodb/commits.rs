//! Commits: all or nothing, even when a process dies, an answer is lost, or a process goes on long
//! after it stopped.

use std::sync::Arc;

use belfry_aws::dynamodb::{Options, Plan, Stores};
use belfry_conformance::{
    Verdict,
    fixtures::{ONE, at, job, job_id, names},
};
use belfry_domain::{Job, Timer, Timestamp};
use belfry_engine::ports::{Committed, JobStore as _, Position, StoreError, TimerStore as _};
use tokio::sync::Semaphore;

use crate::{
    faults::{Fault, Faulty},
    support::Installation,
};

/// Number of calls, more than a commit makes.
const MANY: usize = 60;

/// Jobs `a` and `b`, of which `b` depends on `a`, and a timer for each.
fn set(version: u64, revision: u64) -> (Vec<Job>, Vec<Timer>) {
    let jobs = vec![job("a", version, revision, &[]), job("b", version, revision, &["a"])];
    let timer = |name| Timer::slot(ONE, job_id(name), version, at(version as i64));
    (jobs, ["a", "b"].map(timer).to_vec())
}

async fn timers(stores: &Stores) -> Result<Vec<Timer>, StoreError> {
    let all = stores.due(0, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 1_000).await?;
    Ok(all.timers)
}

/// Checks that everything of the newest version is there, and nothing that should not be.
async fn expect_whole(stores: &Stores, version: u64, revision: u64) -> Verdict {
    let (graph, jobs) = stores.all_jobs().await?;
    assert_eq!((graph, names(&jobs)), (revision, vec!["a".to_owned(), "b".to_owned()]));
    for job in &jobs {
        assert_eq!(job.version, version);
        let kept = stores.job_version(job.id(), version).await?;
        assert_eq!(kept.map(|kept| kept.version), Some(version));
    }
    for graph in [revision, u64::MAX] {
        let dependents = stores.dependents(&job_id("a"), graph).await?;
        assert_eq!(dependents.iter().map(|job| job.version).collect::<Vec<_>>(), [version]);
    }
    let wanted = set(version, revision).1;
    let found = timers(stores).await?;
    assert!(wanted.iter().all(|timer| found.contains(timer)), "{found:?}");
    assert!(found.iter().all(|timer| timer.version <= version), "a timer of what never was: {found:?}");
    assert_eq!(stores.carry_out_plan().await?.0, Plan::Nothing);
    Ok(())
}

fn faulty(installation: &Installation, fault: Fault) -> (Faulty, Stores) {
    let faulty = Faulty::new(fault);
    let options = Options { shards: ONE, ..Options::default() };
    let stores = installation.open_with(&faulty.config(installation.config()), options);
    (faulty, stores)
}

#[tokio::test]
async fn a_process_may_die_at_any_call() -> Verdict {
    let installation = Installation::new().await;
    let (jobs, timers) = set(1, 1);
    installation.stores().commit(0, jobs, timers).await?;
    let (mut version, mut revision) = (1, 1);
    let (mut committed, mut refused) = (0, 0);
    for death in 0..MANY {
        let (_, mortal) = faulty(&installation, Fault::Death(death));
        let (jobs, timers) = set(version + 1, revision + 1);
        let outcome = mortal.commit(revision, jobs, timers).await;
        let others = installation.stores();
        if others.all_jobs().await?.0 > revision {
            (version, revision) = (version + 1, revision + 1);
            committed += 1;
        } else {
            refused += 1;
        }
        expect_whole(&others, version, revision).await?;
        if outcome.is_ok() {
            assert!(committed > 5 && refused > 3, "{committed} {refused}");
            return Ok(());
        }
    }
    panic!("a commit does not end");
}

#[tokio::test]
async fn any_answer_may_be_lost() -> Verdict {
    let installation = Installation::new().await;
    let (jobs, timers) = set(1, 1);
    installation.stores().commit(0, jobs, timers).await?;
    for lost in 0..MANY as u64 {
        let (connection, stores) = faulty(&installation, Fault::LostAnswer(lost as usize));
        let (jobs, timers) = set(lost + 2, lost + 2);
        assert_eq!(stores.commit(lost + 1, jobs, timers).await?, Committed::Done, "without answer {lost}");
        expect_whole(&installation.stores(), lost + 2, lost + 2).await?;
        if connection.calls() as u64 <= lost {
            return Ok(());
        }
    }
    panic!("a commit does not end");
}

#[tokio::test]
async fn a_late_process_replaces_nothing_newer() -> Verdict {
    let installation = Installation::new().await;
    let (jobs, timers) = set(1, 1);
    installation.stores().commit(0, jobs, timers).await?;
    let (mut version, mut revision) = (1, 1);
    for held in 0..MANY {
        let gate = Arc::new(Semaphore::new(0));
        let (connection, late) = faulty(&installation, Fault::Hold(held, Arc::clone(&gate)));
        let (jobs, timers) = set(version + 1, revision + 1);
        let commit = tokio::spawn(async move { late.commit(revision, jobs, timers).await });
        while connection.calls() <= held && !commit.is_finished() {
            tokio::task::yield_now().await;
        }
        let ended = commit.is_finished();
        // Meanwhile others go on from wherever it has come to.
        let others = installation.stores();
        let came_to = others.all_jobs().await?.0;
        version += came_to - revision + 1;
        let (jobs, timers) = set(version, came_to + 1);
        assert_eq!(others.commit(came_to, jobs, timers).await?, Committed::Done);
        gate.close();
        let outcome = commit.await.unwrap()?;
        assert_eq!(outcome == Committed::Done, came_to > revision, "held at {held}: {outcome:?}");
        revision = came_to + 1;
        expect_whole(&installation.stores(), version, revision).await?;
        if ended {
            return Ok(());
        }
    }
    panic!("a commit does not end");
}
