//! Paging: a shard's timers, page by page. Ticks and sweeps depend on it that no row is passed over.
//!
//! Instants come in order. Among the rows of one instant the store has an order of its own, which stays
//! the same from page to page.

use std::collections::BTreeSet;

use belfry_domain::{Timer, TimerKey, Timestamp};
use belfry_engine::ports::{Position, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::at,
    listing::MANY,
    timers::{all, check, slot, start},
};

/// Reads on from a position, as a tick does, until a page is not full.
pub async fn walk(
    backend: &Backend,
    shard: u16,
    from: Position,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Timer>, StoreError> {
    let (mut timers, mut position) = (Vec::<Timer>::new(), from);
    loop {
        let page = backend.timers.due(shard, &position, until, limit).await?;
        assert!(page.timers.len() <= limit, "{} timers on a page of {limit}", page.timers.len());
        timers.extend(page.timers);
        assert!(timers.len() < MANY, "the pages never end");
        if !page.is_full {
            break;
        }
        let Some(last) = timers.last() else { panic!("a full page without a timer to go on from") };
        position = Position::Behind(last.key.clone());
    }
    assert!(timers.is_sorted_by_key(|timer| timer.key.fire_at), "out of order: {timers:?}");
    Ok(timers)
}

fn keys(timers: &[Timer]) -> BTreeSet<TimerKey> {
    timers.iter().map(|timer| timer.key.clone()).collect()
}

pub async fn due_timers_come_in_order(backend: &Backend) -> Verdict {
    let instants = [5, 1, -7, 100_000, 3, 2, 99_999, 0];
    let timers: Vec<Timer> = instants.iter().map(|ms| slot("a", *ms)).collect();
    backend.timers.put_timers(timers.clone()).await?;
    for limit in [1, 2, 3, 8, 9] {
        let found = walk(backend, 0, Position::After(Timestamp::MIN), at(99_999), limit).await?;
        let found: Vec<i64> = found.iter().map(|timer| timer.key.fire_at.0 - at(0).0).collect();
        assert_eq!(found, [-7, 0, 1, 2, 3, 5, 99_999], "until is within; pages of {limit}");
    }
    assert_eq!(walk(backend, 0, Position::After(Timestamp::MIN), at(-8), 5).await?, []);
    Ok(())
}

pub async fn after_is_behind_all_of_its_instant(backend: &Backend) -> Verdict {
    let timers = vec![slot("a", 1), start("a@x", 1, 1), check("a@x", 1, 1), slot("b", 2), check("b@x", 1, 3)];
    backend.timers.put_timers(timers.clone()).await?;
    for (after, count) in [(0, 5), (1, 2), (2, 1), (3, 0)] {
        let found = walk(backend, 0, Position::After(at(after)), at(10), 2).await?;
        assert_eq!(keys(&found), keys(&timers[5 - count..]), "after {after}");
    }
    Ok(())
}

pub async fn behind_is_behind_one_row_only(backend: &Backend) -> Verdict {
    let timers = vec![slot("a", 1), start("a@x", 1, 1), check("a@x", 1, 1), check("a@x", 2, 1), slot("b", 2)];
    backend.timers.put_timers(timers).await?;
    let ordered = all(backend, 0).await?;
    for (index, timer) in ordered.iter().enumerate() {
        let found = walk(backend, 0, Position::Behind(timer.key.clone()), at(10), 10).await?;
        assert_eq!(found, ordered[index + 1..], "behind number {index}");
    }
    Ok(())
}

pub async fn one_instant_spreads_over_pages(backend: &Backend) -> Verdict {
    let mut timers = vec![slot("before", 0), slot("behind", 2)];
    for number in 1..=12 {
        let name = format!("j{number}@x");
        // Attempts whose order as numbers is not that as texts.
        timers.extend([slot(&format!("j{number}"), 1), start("one@x", number, 1), check(&name, number, 1)]);
    }
    backend.timers.put_timers(timers.clone()).await?;
    for limit in [1, 2, 3, 7, 36, 37, 38, 39] {
        let found = walk(backend, 0, Position::After(Timestamp::MIN), at(10), limit).await?;
        assert_eq!(found.len(), timers.len(), "in pages of {limit}");
        assert_eq!(keys(&found), keys(&timers), "in pages of {limit}");
    }
    Ok(())
}

pub async fn a_position_outlives_its_row(backend: &Backend) -> Verdict {
    backend.timers.put_timers((1..=4).map(|number| check("a@x", number, 1)).collect()).await?;
    let ordered = all(backend, 0).await?;
    let position = Position::Behind(ordered[1].key.clone());
    for gone in &ordered[..2] {
        backend.timers.remove_timer(&gone.key).await?;
    }
    assert_eq!(walk(backend, 0, position, at(10), 1).await?, ordered[2..]);
    Ok(())
}

pub async fn what_is_written_ahead_is_met_on_the_way(backend: &Backend) -> Verdict {
    backend.timers.put_timers(vec![slot("a", 1), slot("a", 3)]).await?;
    let first = backend.timers.due(0, &Position::After(at(0)), at(10), 1).await?;
    assert_eq!(first.timers, [slot("a", 1)]);
    assert!(first.is_full);
    backend.timers.put_timers(vec![slot("b", 0), slot("a", 2), slot("a", 4)]).await?;
    let rest = walk(backend, 0, Position::Behind(slot("a", 1).key), at(10), 1).await?;
    assert_eq!(rest, [slot("a", 2), slot("a", 3), slot("a", 4)]);
    Ok(())
}
