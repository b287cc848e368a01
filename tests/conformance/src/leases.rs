//! Leases: the leadership of lanes by owners that may be asleep, and what only a leader may write.

use belfry_engine::ports::{Acquired, Cursors, Lease, StoreError};

use crate::{Backend, Verdict, fixtures::at};

const LANE: u16 = 1;

async fn lead(backend: &Backend, owner: &str, now: i64, until: i64) -> Result<Lease, StoreError> {
    match backend.leases.acquire(LANE, owner, at(now), at(until)).await? {
        Acquired::Leader(lease) => Ok(lease),
        Acquired::HeldBy { owner: other, until } => {
            panic!("{owner} should lead from {now}, not {other} to {until}")
        }
    }
}

async fn expect_held(backend: &Backend, owner: &str, now: i64, by: &Lease) -> Verdict {
    let acquired = backend.leases.acquire(LANE, owner, at(now), at(now + 10)).await?;
    assert_eq!(acquired, Acquired::HeldBy { owner: by.owner.clone(), until: by.until });
    Ok(())
}

pub async fn a_free_lane_has_a_leader_at_once(backend: &Backend) -> Verdict {
    let lease = lead(backend, "a", 0, 10).await?;
    assert_eq!((lease.lane, lease.owner.as_str(), lease.until), (LANE, "a", at(10)));
    assert!(lease.token > 0, "0 stands for nobody");
    expect_held(backend, "b", 5, &lease).await
}

pub async fn a_renewal_keeps_the_token(backend: &Backend) -> Verdict {
    let first = lead(backend, "a", 0, 10).await?;
    let second = lead(backend, "a", 5, 15).await?;
    assert_eq!(second, Lease { until: at(15), ..first });
    expect_held(backend, "b", 12, &second).await
}

pub async fn a_lane_changes_hands_when_its_lease_is_over(backend: &Backend) -> Verdict {
    let first = lead(backend, "a", 0, 10).await?;
    expect_held(backend, "b", 9, &first).await?;
    let second = lead(backend, "b", 10, 20).await?;
    assert!(second.token > first.token, "a new leader has a new token");
    expect_held(backend, "a", 11, &second).await?;
    let third = lead(backend, "a", 30, 40).await?;
    assert!(third.token > second.token);
    Ok(())
}

pub async fn a_release_frees_the_lane(backend: &Backend) -> Verdict {
    let first = lead(backend, "a", 0, 1_000).await?;
    backend.leases.release(&first).await?;
    let second = lead(backend, "b", 1, 1_000).await?;
    assert!(second.token > first.token);
    backend.leases.release(&second).await?;
    lead(backend, "b", 2, 1_000).await?;
    Ok(())
}

/// Returns the value of a write, or `None` where the store says that the caller leads no more. A store
/// may also do nothing.
fn refused<T>(outcome: Result<T, StoreError>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(StoreError::Fenced) => None,
        Err(error) => panic!("{error}"),
    }
}

pub async fn a_deposed_leader_releases_nothing(backend: &Backend) -> Verdict {
    let first = lead(backend, "a", 0, 10).await?;
    let second = lead(backend, "b", 10, 1_000).await?;
    refused(backend.leases.release(&first).await);
    expect_held(backend, "c", 11, &second).await
}

pub async fn lanes_are_apart(backend: &Backend) -> Verdict {
    let first = lead(backend, "a", 0, 1_000).await?;
    let other = backend.leases.acquire(LANE + 1, "b", at(0), at(2_000)).await?;
    assert!(matches!(other, Acquired::Leader(lease) if lease.lane == LANE + 1));
    expect_held(backend, "b", 5, &first).await
}

pub async fn cursors_are_saved_by_the_leader_only(backend: &Backend) -> Verdict {
    let leases = &backend.leases;
    let first = lead(backend, "a", 0, 10).await?;
    assert_eq!(leases.cursors().await?, cursors([]));
    assert!(leases.save_cursors(&first, &cursors([(3, 500), (7, 500)])).await?);
    assert!(leases.save_cursors(&first, &cursors([(3, 400)])).await?, "a clock that was set back");
    assert_eq!(leases.cursors().await?, cursors([(3, 400), (7, 500)]), "a shard's own");
    let second = lead(backend, "b", 10, 1_000).await?;
    assert!(!refused(leases.save_cursors(&first, &cursors([(3, 900)])).await).unwrap_or(false));
    assert_eq!(leases.cursors().await?, cursors([(3, 400), (7, 500)]), "what the deposed leader wrote");
    assert!(leases.save_cursors(&second, &cursors([(3, 600), (0, 600)])).await?);
    assert_eq!(leases.cursors().await?, cursors([(0, 600), (3, 600), (7, 500)]));
    Ok(())
}

/// Each lane saves the cursors of its own shards, whatever other lanes save.
pub async fn cursors_of_all_lanes_are_kept(backend: &Backend) -> Verdict {
    let leases = &backend.leases;
    let mut all = Cursors::new();
    for lane in LANE..=LANE + 3 {
        let Acquired::Leader(lease) = leases.acquire(lane, "a", at(0), at(1_000)).await? else {
            panic!("nobody else leads lane {lane}")
        };
        let own: Cursors =
            (0..64).filter(|shard| shard % 4 == lane - LANE).map(|shard| (shard, at(10))).collect();
        assert!(leases.save_cursors(&lease, &own).await?);
        all.extend(own);
    }
    assert_eq!(leases.cursors().await?, all);
    Ok(())
}

fn cursors<const N: usize>(cursors: [(u16, i64); N]) -> Cursors {
    cursors.map(|(shard, cursor)| (shard, at(cursor))).into()
}
