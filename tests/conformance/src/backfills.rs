//! Backfills: a row with its timer, replaced only by a writer that saw its last state.

use belfry_domain::{
    Backfill, BackfillId, BackfillOrder, BackfillStatus, SlotRange, Tally, Timer, Timestamp,
};
use belfry_engine::ports::{ExecutionFilter, Position, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{ONE, at, id, job_id},
    listing::MANY,
};

/// Backfill with this number in the order of creation.
fn backfill(number: u64, job: &str) -> Backfill {
    let id = format!("01KB{number:022}").parse().unwrap_or_else(|error| panic!("{error}"));
    Backfill {
        id,
        revision: 0,
        job_id: job_id(job),
        job_version: 1,
        status: BackfillStatus::Running,
        range: SlotRange { from: at(-86_400_000), to: at(0), order: BackfillOrder::OldestFirst },
        concurrency: 3,
        slots: 24,
        created_at: at(0),
        ended_at: None,
        reason: None,
        next: Some(at(-86_400_000)),
        open: Vec::new(),
        tally: Tally::default(),
    }
}

fn timer(row: &Backfill) -> Timer {
    Timer::backfill(ONE, &row.id, at(-60_000))
}

async fn create(backend: &Backend, row: &Backfill) -> Verdict {
    assert!(backend.backfills.create_backfill(row.clone(), timer(row)).await?, "{}", row.id);
    Ok(())
}

async fn timers(backend: &Backend) -> Result<Vec<Timer>, StoreError> {
    Ok(backend.timers.due(0, &Position::After(Timestamp::MIN), at(0), 10).await?.timers)
}

pub async fn a_backfill_comes_with_its_timer(backend: &Backend) -> Verdict {
    let row = Backfill { open: vec![id("a@2026-11-22T00:00:00Z~2")], ..backfill(1, "a") };
    create(backend, &row).await?;
    assert_eq!(backend.backfills.backfill(&row.id).await?, Some(row.clone()));
    assert_eq!(timers(backend).await?, [timer(&row)]);
    let other = Timer::backfill(ONE, &row.id, at(-1));
    assert!(!backend.backfills.create_backfill(row.clone(), other).await?, "it is there already");
    assert_eq!(timers(backend).await?, [timer(&row)], "and neither is the other timer");
    assert_eq!(backend.backfills.backfill(&backfill(2, "a").id).await?, None);
    // It is no execution, in whatever table it is.
    assert!(backend.executions.list(&ExecutionFilter::default(), None, 10).await?.items.is_empty());
    Ok(())
}

pub async fn a_change_of_another_revision_is_refused(backend: &Backend) -> Verdict {
    let row = backfill(1, "a");
    let next = Backfill { revision: 1, status: BackfillStatus::Paused, ..row.clone() };
    assert!(!backend.backfills.change_backfill(0, next.clone()).await?, "there is none");
    create(backend, &row).await?;
    assert!(!backend.backfills.change_backfill(7, Backfill { revision: 8, ..row.clone() }).await?);
    assert_eq!(backend.backfills.backfill(&row.id).await?, Some(row));
    assert!(backend.backfills.change_backfill(0, next.clone()).await?);
    let late = Backfill { revision: 1, next: None, ..next.clone() };
    assert!(!backend.backfills.change_backfill(0, late).await?);
    assert_eq!(backend.backfills.backfill(&next.id).await?, Some(next));
    Ok(())
}

pub async fn one_of_two_changes_wins(backend: &Backend) -> Verdict {
    let row = backfill(1, "a");
    create(backend, &row).await?;
    let tasks: Vec<_> = (1..9_u32)
        .map(|writer| {
            let next = Backfill { revision: 1, concurrency: writer, ..row.clone() };
            let backend = backend.clone();
            tokio::spawn(
                async move { backend.backfills.change_backfill(0, next).await.map(|won| (writer, won)) },
            )
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        let (writer, won) = task.await.unwrap_or_else(|error| panic!("{error}"))?;
        winners.extend(won.then_some(writer));
    }
    let now = backend.backfills.backfill(&row.id).await?.map(|row| row.concurrency);
    assert_eq!(winners.iter().copied().map(Some).collect::<Vec<_>>(), [now]);
    Ok(())
}

pub async fn a_repeated_change_finds_what_it_has_written(backend: &Backend) -> Verdict {
    let row = backfill(1, "a");
    create(backend, &row).await?;
    let next = Backfill { revision: 1, concurrency: 7, ..row };
    for _ in 0..2 {
        assert!(backend.backfills.change_backfill(0, next.clone()).await?);
        assert_eq!(backend.backfills.backfill(&next.id).await?, Some(next.clone()));
    }
    Ok(())
}

/// Reads all pages, one after the other.
async fn walk(backend: &Backend, job: Option<&str>, limit: usize) -> Result<Vec<BackfillId>, StoreError> {
    let job = job.map(job_id);
    let (mut ids, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = backend.backfills.backfills(job.as_ref(), after.as_deref(), limit).await?;
        assert!(page.items.len() <= limit);
        ids.extend(page.items.into_iter().map(|row| row.id));
        assert!(ids.len() < MANY && (page.next.is_none() || page.next != after), "the pages never end");
        after = page.next;
        if after.is_none() {
            return Ok(ids);
        }
    }
}

pub async fn they_page_newest_first(backend: &Backend) -> Verdict {
    let rows: Vec<Backfill> =
        (0..7).map(|number| backfill(number, ["a", "a.b"][number as usize % 2])).collect();
    for row in &rows {
        create(backend, row).await?;
    }
    let newest_first: Vec<BackfillId> = rows.iter().rev().map(|row| row.id.clone()).collect();
    let of_a: Vec<BackfillId> = newest_first.iter().step_by(2).cloned().collect();
    for limit in [1, 2, 3, 7, 8] {
        assert_eq!(walk(backend, None, limit).await?, newest_first, "in pages of {limit}");
        assert_eq!(walk(backend, Some("a"), limit).await?, of_a, "in pages of {limit}");
    }
    assert!(walk(backend, Some("b"), 3).await?.is_empty());
    Ok(())
}

pub async fn those_that_are_over_are_removed(backend: &Backend) -> Verdict {
    let (open, old, new) = (backfill(1, "a"), backfill(2, "a"), backfill(3, "a"));
    for (row, ended_at) in [(&open, None), (&old, Some(at(1_000))), (&new, Some(at(2_000)))] {
        create(backend, row).await?;
        let next = Backfill { revision: 1, ended_at, ..row.clone() };
        assert!(backend.backfills.change_backfill(0, next).await?);
    }
    let removed = backend.backfills.remove_ended_backfills(at(2_000)).await?;
    if backend.expires_by_itself() {
        assert_eq!(removed, 0, "its store does it in its own time");
        return Ok(());
    }
    assert_eq!(removed, 1);
    assert_eq!(walk(backend, None, 10).await?, [new.id, open.id]);
    Ok(())
}
