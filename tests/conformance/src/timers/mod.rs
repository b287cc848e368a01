//! Timers, one by one; [`crate::paging`] covers reads of many.

pub mod paging;

use belfry_domain::{JobId, Timer, TimerKey, Timestamp, What};
use belfry_engine::ports::{Position, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{ONE, at, id, job_id},
};

pub fn slot(name: &str, ms: i64) -> Timer {
    Timer::slot(ONE, job_id(name), 1, at(ms))
}

pub fn start(text: &str, attempt: u32, ms: i64) -> Timer {
    Timer::start(ONE, &id(text), attempt, at(ms))
}

pub fn check(text: &str, attempt: u32, ms: i64) -> Timer {
    Timer::check(ONE, &id(text), attempt, at(ms), 0)
}

/// All timers of a shard, in the order of the store.
pub async fn all(backend: &Backend, shard: u16) -> Result<Vec<Timer>, StoreError> {
    let page =
        backend.timers.due(shard, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 1_000).await?;
    assert!(page.unknown.is_empty() && !page.is_full);
    Ok(page.timers)
}

pub async fn a_timer_comes_back_as_it_was(backend: &Backend) -> Verdict {
    let mut timers = vec![
        Timer { version: u64::from(u32::MAX), ..slot("a", 0) },
        slot("with-milliseconds", 1),
        slot("dotted.and_more-1", 1_000),
        start("a@2026-11-23T00:00:00Z~12", 1, 2_000),
        start("push@key:with+all-of_the.signs", u32::MAX, 3_000),
        Timer { checks: u32::MAX, ..check("a@2026-11-23T00:00:00.5Z", 7, 4_000) },
        Timer::start(ONE, &id("before@1970"), 1, Timestamp(-5)),
        Timer::slot(ONE, job_id("far"), 1, Timestamp(253_402_300_799_000)),
    ];
    backend.timers.put_timers(timers.clone()).await?;
    timers.sort_by_key(|timer| timer.key.fire_at);
    assert_eq!(all(backend, 0).await?, timers);
    backend.timers.put_timers(vec![]).await?;
    Ok(())
}

pub async fn a_timer_of_a_later_version_stays(backend: &Backend) -> Verdict {
    let later = Timer { version: 2, ..slot("a", 0) };
    backend.timers.put_timers(vec![later.clone()]).await?;
    backend.timers.put_timers(vec![slot("a", 0)]).await?;
    assert_eq!(all(backend, 0).await?, std::slice::from_ref(&later));
    backend.timers.put_timers(vec![slot("a", 0), slot("b", 0), check("a@x", 1, 5)]).await?;
    assert_eq!(all(backend, 0).await?, [later, slot("b", 0), check("a@x", 1, 5)]);
    Ok(())
}

pub async fn a_timer_of_the_same_key_is_replaced(backend: &Backend) -> Verdict {
    backend.timers.put_timers(vec![slot("a", 0), check("a@x", 1, 5)]).await?;
    let (newer, looked_at) =
        (Timer { version: 2, ..slot("a", 0) }, Timer { checks: 3, ..check("a@x", 1, 5) });
    backend.timers.put_timers(vec![newer.clone(), looked_at.clone()]).await?;
    assert_eq!(all(backend, 0).await?, [newer.clone(), looked_at.clone()]);
    // Another instant, attempt or kind is another timer.
    let others = vec![check("a@x", 1, 6), check("a@x", 2, 6), start("a@x", 2, 6)];
    backend.timers.put_timers(others).await?;
    assert_eq!(all(backend, 0).await?.len(), 5);
    // Twice in one call: the last word stands.
    backend.timers.put_timers(vec![slot("a", 0), newer.clone()]).await?;
    assert_eq!(all(backend, 0).await?.first(), Some(&newer));
    Ok(())
}

pub async fn removal_can_be_repeated(backend: &Backend) -> Verdict {
    let timers = [check("a@x", 1, 5), check("a@x", 10, 5), start("a@x", 1, 5)];
    backend.timers.put_timers(timers.to_vec()).await?;
    for _ in 0..2 {
        backend.timers.remove_timer(&timers[0].key).await?;
        let left = all(backend, 0).await?;
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(left.contains(&timers[1]) && left.contains(&timers[2]));
    }
    backend.timers.remove_timer(&slot("never-there", 0).key).await?;
    Ok(())
}

pub async fn what_was_written_anew_is_not_removed(backend: &Backend) -> Verdict {
    let (old, new) = (slot("a", 0), Timer { version: 2, ..slot("a", 0) });
    backend.timers.put_timers(vec![old.clone()]).await?;
    backend.timers.put_timers(vec![new.clone()]).await?;
    backend.timers.remove_unchanged(&old).await?;
    assert_eq!(all(backend, 0).await?, std::slice::from_ref(&new));
    for _ in 0..2 {
        backend.timers.remove_unchanged(&new).await?;
        assert_eq!(all(backend, 0).await?, []);
    }
    // How often it was looked at is no other version.
    let looked_at = Timer { checks: 3, ..check("a@x", 1, 5) };
    backend.timers.put_timers(vec![looked_at, check("a@x", 2, 5)]).await?;
    backend.timers.remove_unchanged(&check("a@x", 1, 5)).await?;
    assert_eq!(all(backend, 0).await?, [check("a@x", 2, 5)]);
    Ok(())
}

fn in_shard(timer: &Timer, shard: u16) -> Timer {
    Timer { key: TimerKey { shard, ..timer.key.clone() }, ..timer.clone() }
}

pub async fn shards_are_apart(backend: &Backend) -> Verdict {
    let timer = check("a@x", 1, 5);
    let (one, two, last) = (in_shard(&timer, 1), in_shard(&timer, 2), in_shard(&timer, u16::MAX));
    backend.timers.put_timers(vec![one.clone(), two.clone(), last.clone()]).await?;
    backend.timers.remove_timer(&one.key).await?;
    assert_eq!(all(backend, 0).await?, []);
    assert_eq!(all(backend, 1).await?, []);
    assert_eq!(all(backend, 2).await?, [two]);
    assert_eq!(all(backend, u16::MAX).await?, [last]);
    Ok(())
}

async fn slots_of(backend: &Backend, name: &str) -> Result<Vec<Timer>, StoreError> {
    let mut timers = backend.timers.slots_of_job(&job_id(name)).await?;
    timers.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(timers)
}

pub async fn slots_are_found_by_job(backend: &Backend) -> Verdict {
    // Ids that are each other's beginnings, and timers that are no slots.
    let names = ["a", "a-b", "a.b", "a_b", "ab", "aa", "A", "a0"];
    for (number, name) in names.iter().enumerate() {
        let slots = (0..=number).map(|ms| slot(name, ms as i64));
        backend.timers.put_timers(slots.collect()).await?;
    }
    backend.timers.put_timers(vec![start("a@x", 1, 0), check("ab@2026-11-23T00:00:00Z", 1, 0)]).await?;
    for (number, name) in names.iter().enumerate() {
        let found = slots_of(backend, name).await?;
        assert_eq!(found.len(), number + 1, "{name}: {found:?}");
        let is_own =
            |timer: &Timer| matches!(&timer.key.what, What::Slot { job_id, .. } if job_id.as_str() == *name);
        assert!(found.iter().all(is_own), "{name}: {found:?}");
    }
    assert_eq!(slots_of(backend, "unknown").await?, []);
    let mut counts = backend.timers.timers_of_jobs().await?;
    counts.sort();
    let mut expected: Vec<(JobId, u64)> =
        names.iter().zip(1..).map(|(name, count)| (job_id(name), count)).collect();
    expected.sort();
    assert_eq!(counts, expected);
    Ok(())
}
