//! Races of many callers, each on a thread of its own: one caller wins, and all others learn which.

use std::future::Future;

use belfry_domain::{Change, Execution, Priority, Refusal, Timestamp};
use belfry_engine::ports::{Acquired, Applied, Claimed, Committed, Creation, StoreError};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    Backend, Verdict,
    dead_letters::letter,
    fixtures::{at, claim, id, job, job_id, names, row},
};

const RACERS: u64 = 16;
const WORKERS: u64 = 5;
const INCREMENTS: u64 = 10;

/// Runs `racer` for this many racers, which are let go together; returns what came of each.
async fn race<T, F>(
    backend: &Backend,
    racers: u64,
    racer: impl Fn(Backend, u64) -> F,
) -> Result<Vec<T>, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let start = std::sync::Arc::new(Barrier::new(racers as usize));
    let mut tasks = JoinSet::new();
    for number in 1..=racers {
        let (start, run) = (start.clone(), racer(backend.clone(), number));
        tasks.spawn(async move {
            start.wait().await;
            run.await
        });
    }
    tasks.join_all().await.into_iter().collect()
}

pub async fn one_creation_wins(backend: &Backend) -> Verdict {
    let creations = race(backend, RACERS, |backend, number| async move {
        let own = Execution { job_version: number, priority: Priority::High, ..row("a@x") };
        backend.executions.create(own, None).await
    });
    let creations = creations.await?;
    let winner = backend.present("a@x").await?;
    let lost =
        creations.iter().filter(|creation| **creation == Creation::Exists(Box::new(winner.clone()))).count();
    let won = creations.iter().filter(|creation| **creation == Creation::Created).count();
    assert_eq!((won, lost), (1, RACERS as usize - 1));
    Ok(())
}

/// Each racer makes a generation of its own, as if other re-runs had come between them.
pub async fn one_rerun_wins_for_a_key(backend: &Backend) -> Verdict {
    let creations = race(backend, RACERS, |backend, number| async move {
        let own = row(&format!("a@x~{}", number + 1));
        let own = Execution { rerun_of: Some(id("a@x")), rerun_key: "k".parse().ok(), ..own };
        Ok((own.clone(), backend.executions.create(own, None).await?))
    });
    let creations = creations.await?;
    let is_won = |(_, creation): &&(Execution, Creation)| *creation == Creation::Created;
    let winners: Vec<&Execution> = creations.iter().filter(is_won).map(|(own, _)| own).collect();
    assert_eq!(winners.len(), 1);
    let exists = Creation::Exists(Box::new(winners[0].clone()));
    let lost = creations.iter().filter(|(_, creation)| *creation == exists).count();
    assert_eq!(lost, RACERS as usize - 1);
    Ok(())
}

pub async fn one_claim_wins(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let claims = race(backend, RACERS, |backend, number| async move {
        let request = claim("a@x", 1, number);
        let claimed = backend.executions.claim(&request).await?;
        Ok((request, claimed))
    });
    let claims = claims.await?;
    let winner = backend.present("a@x").await?;
    let started = Claimed::Started(Box::new(winner.clone()));
    let held = Claimed::Refused(Box::new(winner.clone()), Refusal::Held);
    for (request, claimed) in &claims {
        assert_eq!(*claimed, if request.is_mine(&winner) { started.clone() } else { held.clone() });
    }
    assert_eq!(claims.iter().filter(|(_, claimed)| *claimed == started).count(), 1);
    Ok(())
}

async fn increment(backend: &Backend, mut row: Execution) -> Result<Execution, StoreError> {
    loop {
        let count = row.claim.as_ref().map_or(0, |claim| claim.lease_until.0);
        let change = Change::heartbeat(&row, Timestamp(count + 1));
        let next = change.row.clone();
        match backend.executions.apply(change).await? {
            Applied::Won => return Ok(next),
            Applied::Lost(Some(winner)) => row = *winner,
            Applied::Lost(None) => panic!("{} is gone", row.id),
        }
    }
}

pub async fn no_increment_is_lost(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let running = backend.start(&claim("a@x", 1, 1)).await?;
    let zero = Change::heartbeat(&running, Timestamp(0));
    assert_eq!(backend.executions.apply(zero.clone()).await?, Applied::Won);
    let first = zero.row;
    let counted = race(backend, WORKERS, |backend, _| {
        let mut row = first.clone();
        async move {
            for _ in 0..INCREMENTS {
                row = increment(&backend, row).await?;
            }
            Ok(())
        }
    });
    counted.await?;
    let last = backend.present("a@x").await?;
    let total = WORKERS * INCREMENTS;
    assert_eq!(last.claim.map(|claim| claim.lease_until), Some(Timestamp(total as i64)));
    assert_eq!(last.revision, first.revision + total);
    Ok(())
}

pub async fn one_commit_wins(backend: &Backend) -> Verdict {
    let commits = race(backend, RACERS, |backend, number| async move {
        let own = job(&format!("job-{number}"), 1, 1, &[]);
        backend.jobs.commit(0, vec![own], vec![]).await
    });
    let commits = commits.await?;
    let conflicts = commits.iter().filter(|commit| **commit == Committed::Conflict { revision: 1 }).count();
    assert_eq!(conflicts, RACERS as usize - 1, "{commits:?}");
    let (revision, jobs) = backend.jobs.all_jobs().await?;
    assert_eq!((revision, jobs.len()), (1, 1));
    Ok(())
}

/// Commits a job under the present revision of the graph, and tries again until that succeeds, as the
/// engine does.
async fn commit_in_the_end(backend: &Backend, name: &str) -> Result<u64, StoreError> {
    loop {
        let (revision, before) = backend.jobs.all_jobs().await?;
        assert_eq!(before.len() as u64, revision, "jobs and revision are of one moment");
        if backend.jobs.commit(revision, vec![job(name, 1, revision + 1, &[])], vec![]).await?
            == Committed::Done
        {
            let written = backend.jobs.job(&job_id(name)).await?;
            assert!(written.is_some(), "{name} was committed and can't be read");
            return Ok(revision);
        }
    }
}

pub async fn every_commit_gets_through_in_the_end(backend: &Backend) -> Verdict {
    let name = |number: u64| format!("job-{number:02}");
    let commits =
        race(
            backend,
            RACERS,
            |backend, number| async move { commit_in_the_end(&backend, &name(number)).await },
        );
    let mut revisions = commits.await?;
    revisions.sort_unstable();
    assert_eq!(revisions, (0..RACERS).collect::<Vec<_>>(), "each revision has one successor");
    let (revision, jobs) = backend.jobs.all_jobs().await?;
    assert_eq!(revision, RACERS);
    assert_eq!(names(&jobs), (1..=RACERS).map(name).collect::<Vec<_>>());
    Ok(())
}

pub async fn one_owner_leads(backend: &Backend) -> Verdict {
    let acquired = race(backend, RACERS, |backend, number| async move {
        backend.leases.acquire(1, &format!("owner-{number}"), at(0), at(10_000)).await
    });
    let acquired = acquired.await?;
    let leaders: Vec<&str> = acquired
        .iter()
        .filter_map(
            |outcome| if let Acquired::Leader(lease) = outcome { Some(lease.owner.as_str()) } else { None },
        )
        .collect();
    let [leader] = leaders[..] else { panic!("not one leader: {leaders:?}") };
    let held = Acquired::HeldBy { owner: leader.to_owned(), until: at(10_000) };
    assert_eq!(acquired.iter().filter(|outcome| **outcome == held).count(), RACERS as usize - 1);
    Ok(())
}

pub async fn one_dead_letter_is_new(backend: &Backend) -> Verdict {
    let added = race(backend, RACERS, |backend, _| async move {
        backend.dead_letters.add_dead_letter(letter("a@x", at(0))).await
    });
    assert_eq!(added.await?.into_iter().filter(|is_new| *is_new).count(), 1);
    assert_eq!(backend.dead_letters.count_dead_letters().await?, 1);
    Ok(())
}
