//! Leadership: a file has one leader, which alone may write, and what it has written is there
//! afterwards.

use crate::support::{File, LANE, lead};
use belfry_conformance::{
    Verdict,
    dead_letters::letter,
    fixtures::{at, claim, guard, id, job, job_id, names, row},
    jobs::tombstone,
    notes::output,
    timers::slot,
};
use belfry_domain::{Change, Pause, Timestamp};
use belfry_engine::ports::{
    Acquired, Committed, Cursors, DeadLetterStore as _, ExecutionFilter, ExecutionStore as _, JobStore as _,
    LeaseStore as _, Position, StoreError, TimerStore as _,
};
use belfry_sqlite::{OpenError, Store};

fn fenced<T>(outcome: Result<T, StoreError>) {
    let error = outcome.err();
    assert!(matches!(error, Some(StoreError::Fenced)), "{error:?}");
}

/// Checks that every verb that writes is refused, and leaves nothing behind.
async fn expect_no_writes(store: &Store) -> Verdict {
    let before = everything(store).await?;
    let known = row("known@x");
    let (guard, dead) = (guard("new@x"), letter("new@x", at(0)));
    fenced(store.create(row("new@x"), Some(guard.clone())).await);
    fenced(store.create_all(vec![(row("new@x"), guard.clone())]).await.swap_remove(0));
    fenced(store.claim(&claim("known@x", 1, 9)).await);
    fenced(store.apply(Change::heartbeat(&known, at(9))).await);
    fenced(store.add_waiter(&id("known@x"), &id("new@x")).await);
    fenced(store.remove_waiter(&id("known@x"), &id("waiter@x")).await);
    fenced(store.keep_output(&id("known@x"), output(9, "new")).await);
    fenced(store.remove_ended(&[id("known@x")]).await);
    fenced(store.put_timers(vec![guard]).await);
    // It returns before anybody has looked who leads.
    store.remove_timer(&slot("known", 0).key).await?;
    fenced(store.add_dead_letter(dead).await);
    fenced(store.mark_redriven(&id("known@x"), &id("known@x~2"), None).await);
    fenced(store.discard(&id("known@x")).await);
    let revision = store.all_jobs().await?.0;
    fenced(store.commit(revision, vec![job("new", 1, revision + 1, &[])], vec![]).await);
    assert_eq!(everything(store).await?, before);
    Ok(())
}

/// Writes one row of each kind.
async fn write_some(store: &Store) -> Verdict {
    let jobs = vec![job("known", 1, 1, &[]), job("gone", 1, 1, &[]), job("dependent", 1, 1, &["known"])];
    assert_eq!(store.commit(0, jobs, vec![slot("known", 0)]).await?, Committed::Done);
    assert_eq!(store.commit(1, vec![tombstone("gone", 2, 2)], vec![]).await?, Committed::Done);
    store.create(row("known@x"), Some(guard("known@x"))).await?;
    store.add_waiter(&id("known@x"), &id("waiter@x")).await?;
    store.keep_output(&id("known@x"), output(1, "printed")).await?;
    store.add_dead_letter(letter("known@x", at(0))).await?;
    Ok(())
}

/// Text of all that the ports show.
async fn everything(store: &Store) -> Result<String, StoreError> {
    let (revision, jobs) = store.all_jobs().await?;
    let looks = (
        store.dependents(&job_id("known"), 1).await?.len(),
        store.job(&job_id("gone")).await?.map(|job| (job.version, job.deleted)),
        store.execution(&id("known@x")).await?,
        store.list(&ExecutionFilter::default(), None, 10).await?.items,
        store.waiters(&id("known@x")).await?,
        store.outputs(&id("known@x")).await?,
        store.due(0, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 10).await?.timers,
        store.timers_of_jobs().await?,
        store.dead_letters(None, None, 10).await?.items,
        store.cursors().await?,
    );
    Ok(format!("{revision} {:?} {looks:?}", names(&jobs)))
}

#[tokio::test]
async fn nobody_writes_without_leadership() -> Verdict {
    let file = File::new();
    let leader = file.open();
    lead(&leader, "leader", 0).await;
    write_some(&leader).await?;
    let other = file.open();
    expect_no_writes(&other).await?;
    assert_eq!(everything(&other).await?, everything(&leader).await?, "but everybody reads");
    Ok(())
}

#[tokio::test]
async fn a_new_file_asks_for_a_leader_too() -> Verdict {
    expect_no_writes(&File::new().open()).await
}

#[tokio::test]
async fn a_deposed_leader_writes_no_more_and_still_reads() -> Verdict {
    let file = File::new();
    let (old, new) = (file.open(), file.open());
    let lease = lead(&old, "old", 0).await;
    write_some(&old).await?;
    let held = Acquired::HeldBy { owner: "old".to_owned(), until: lease.until };
    assert_eq!(new.acquire(LANE, "new", at(9_999), at(20_000)).await?, held);
    fenced(new.create(row("early@x"), None).await);
    let taken = lead(&new, "new", 10_000).await;
    assert!(taken.token > lease.token);
    expect_no_writes(&old).await?;
    fenced(old.save_cursors(&lease, &Cursors::from([(0, at(1))])).await);
    fenced(old.release(&lease).await);
    assert!(new.save_cursors(&taken, &Cursors::from([(0, at(2))])).await?);
    assert_eq!(old.cursors().await?, Cursors::from([(0, at(2))]));
    Ok(())
}

#[tokio::test]
async fn a_deposed_leader_reads_what_the_new_one_wrote() -> Verdict {
    let file = File::new();
    let (old, new) = (file.open(), file.open());
    lead(&old, "old", 0).await;
    write_some(&old).await?;
    lead(&new, "new", 10_000).await;
    assert_eq!(new.commit(2, vec![job("later", 1, 3, &["known"])], vec![]).await?, Committed::Done);
    // Being refused is how it learns that it no longer leads.
    fenced(old.create(row("new@x"), None).await);
    assert_eq!(names(&old.dependents(&job_id("known"), u64::MAX).await?), ["dependent", "later"]);
    assert_eq!(everything(&old).await?, everything(&new).await?);
    // And leads again, when its turn comes.
    lead(&old, "old", 20_000).await;
    assert_eq!(old.commit(3, vec![tombstone("later", 2, 4)], vec![]).await?, Committed::Done);
    fenced(new.create(row("new@x"), None).await);
    assert!(new.job(&job_id("later")).await?.is_some_and(|job| job.deleted));
    Ok(())
}

#[tokio::test]
async fn a_follower_sees_each_change_of_the_jobs() -> Verdict {
    let file = File::new();
    let (leader, follower) = (file.open(), file.open());
    lead(&leader, "leader", 0).await;
    for version in 1..4 {
        let mut next = job("a", version, version, &[]);
        assert_eq!(leader.commit(version - 1, vec![next.clone()], vec![]).await?, Committed::Done);
        assert_eq!(follower.job(next.id()).await?.map(|job| job.version), Some(version));
        next.pause = Some(Pause::at(at(1)));
        assert_eq!(follower.all_jobs().await?.0, version);
    }
    Ok(())
}

#[tokio::test]
async fn another_lane_is_no_right_to_write() -> Verdict {
    let file = File::new();
    let (leader, other) = (file.open(), file.open());
    lead(&leader, "first", 0).await;
    lead(&other, "second", 10_000).await;
    lead(&leader, "first", 20_000).await;
    for lane in [1, 2] {
        let acquired = leader.acquire(lane, "first", at(20_000), at(30_000)).await?;
        assert!(matches!(acquired, Acquired::Leader(_)));
        leader.put_timers(vec![slot("a", i64::from(lane))]).await?;
    }
    let third = file.open();
    assert!(matches!(third.acquire(3, "third", at(0), at(10_000)).await?, Acquired::Leader(_)));
    expect_no_writes(&third).await
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() -> Verdict {
    let file = File::new();
    let first = file.open();
    let lease = lead(&first, "first", 0).await;
    write_some(&first).await?;
    assert!(first.save_cursors(&lease, &Cursors::from([(0, at(77))])).await?);
    let before = everything(&first).await?;
    drop(first);
    let second = file.open();
    assert_eq!(everything(&second).await?, before);
    assert_eq!(second.cursors().await?, Cursors::from([(0, at(77))]));
    let held = Acquired::HeldBy { owner: "first".to_owned(), until: lease.until };
    assert_eq!(second.acquire(LANE, "second", at(1), at(2)).await?, held, "a lease outlives its process");
    lead(&second, "second", 10_000).await;
    assert_eq!(everything(&second).await?, before);
    second.create(row("known@y"), None).await?;
    assert_eq!(second.commit(2, vec![job("gone", 3, 3, &[])], vec![]).await?, Committed::Done);
    Ok(())
}

#[tokio::test]
async fn a_released_lease_is_free_at_once() -> Verdict {
    let file = File::new();
    let (first, second) = (file.open(), file.open());
    let lease = lead(&first, "first", 0).await;
    first.release(&lease).await?;
    lead(&second, "second", 1).await;
    fenced(first.create(row("a@x"), None).await);
    second.create(row("a@x"), None).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_stores_on_a_file_one_leads() -> Verdict {
    let file = File::new();
    lead(&file.open(), "gone", 0).await;
    let stores: Vec<Store> = (0..8).map(|_| file.open()).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (number, store) in stores.into_iter().enumerate() {
        tasks.spawn(async move {
            let acquired = store.acquire(LANE, &format!("owner-{number}"), at(10_000), at(20_000)).await?;
            let written = store.create(row(&format!("a@{number}")), None).await;
            Ok::<_, StoreError>((matches!(acquired, Acquired::Leader(_)), written.is_ok()))
        });
    }
    let outcomes: Vec<(bool, bool)> = tasks.join_all().await.into_iter().collect::<Result<_, _>>()?;
    assert_eq!(outcomes.iter().filter(|(leads, _)| *leads).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|(leads, has_written)| leads == has_written), "{outcomes:?}");
    Ok(())
}

#[tokio::test]
async fn a_database_of_a_newer_format_is_left_alone() -> Verdict {
    let file = File::new();
    let store = file.open();
    lead(&store, "leader", 0).await;
    write_some(&store).await?;
    let before = everything(&store).await?;
    drop(store);
    let connection = rusqlite::Connection::open(&file.path).unwrap();
    let known: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    connection.pragma_update(None, "user_version", known + 1).unwrap();
    let refused = Store::open(&file.path).err();
    assert!(
        matches!(refused, Some(OpenError::Newer { found, known: k }) if found == known + 1 && k == known)
    );
    connection.pragma_update(None, "user_version", known).unwrap();
    assert_eq!(everything(&file.open()).await?, before);
    Ok(())
}

#[tokio::test]
async fn what_is_no_database_is_not_opened() {
    let file = File::new();
    std::fs::write(&file.path, "not a database, but long enough to look at".repeat(40)).unwrap();
    assert!(matches!(Store::open(&file.path), Err(OpenError::Sqlite(_))));
}
