//! What is removed after its time, and what the names of generations go on from.

use belfry_domain::{Execution, Status};
use belfry_engine::ports::{ExecutionFilter, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{at, id, row, row_at},
    listing::walk,
    notes::output,
};

async fn create_ended(backend: &Backend, name: &str, ms: i64) -> Verdict {
    let ended = Execution { status: Status::Success, end_time: Some(at(ms)), ..row(name) };
    backend.create_new(ended).await.map(drop)
}

/// Whether the case is about nothing here: a store that lets rows expire is asked for nothing, and
/// removes nothing when it is asked.
async fn expires_by_itself(backend: &Backend) -> Result<bool, StoreError> {
    if backend.expires_by_itself {
        create_ended(backend, "a@expiring", 0).await?;
        assert_eq!(backend.executions.remove_ended(at(100), 10).await?, 0);
        backend.present("a@expiring").await?;
    }
    Ok(backend.expires_by_itself)
}

pub async fn only_what_ended_before_is_removed(backend: &Backend) -> Verdict {
    if expires_by_itself(backend).await? {
        return Ok(());
    }
    create_ended(backend, "a@old", 99).await?;
    create_ended(backend, "a@edge", 100).await?;
    create_ended(backend, "a@new", 101).await?;
    backend.create_new(row_at("a@never", at(-1_000))).await?;
    assert_eq!(backend.executions.remove_ended(at(100), 10).await?, 1);
    assert_eq!(backend.executions.execution(&id("a@old")).await?, None);
    for name in ["a@edge", "a@new", "a@never"] {
        backend.present(name).await?;
    }
    assert_eq!(backend.executions.remove_ended(at(100), 10).await?, 0);
    Ok(())
}

pub async fn removal_stops_at_its_limit(backend: &Backend) -> Verdict {
    if expires_by_itself(backend).await? {
        return Ok(());
    }
    for number in 0..5 {
        create_ended(backend, &format!("a@{number}"), number).await?;
    }
    for (removed, left) in [(2, 3), (2, 1), (1, 0), (0, 0)] {
        assert_eq!(backend.executions.remove_ended(at(100), 2).await?, removed);
        assert_eq!(walk(backend, &ExecutionFilter::default(), 10).await?.len(), left);
    }
    Ok(())
}

pub async fn what_belongs_to_a_row_goes_with_it(backend: &Backend) -> Verdict {
    if expires_by_itself(backend).await? {
        return Ok(());
    }
    for name in ["a@old", "a@new"] {
        create_ended(backend, name, if name == "a@old" { 1 } else { 200 }).await?;
        backend.executions.keep_output(&id(name), output(1, "printed")).await?;
        backend.executions.add_waiter(&id(name), &id("b@x")).await?;
    }
    assert_eq!(backend.executions.remove_ended(at(100), 10).await?, 1);
    assert_eq!(backend.executions.outputs(&id("a@old")).await?, []);
    assert_eq!(backend.executions.waiters(&id("a@old")).await?, []);
    assert_eq!(backend.executions.outputs(&id("a@new")).await?, [output(1, "printed")]);
    assert_eq!(backend.executions.waiters(&id("a@new")).await?, [id("b@x")]);
    Ok(())
}

pub async fn the_latest_generation_counts_numerically(backend: &Backend) -> Verdict {
    assert_eq!(backend.executions.latest_generation(&id("a@x")).await?, 0);
    backend.create_new(row("a@x")).await?;
    // Neighbours in the order of texts, which are no generations of it.
    for name in ["a@x-1~7", "a@x0", "a@xy~8", "aa@x~9", "a@w~9", "a@x:00~6", "A@x~5"] {
        backend.create_new(row(name)).await?;
    }
    assert_eq!(backend.executions.latest_generation(&id("a@x")).await?, 1);
    for generation in [2, 3, 9, 10, 11] {
        backend.create_new(row(&format!("a@x~{generation}"))).await?;
        assert_eq!(backend.executions.latest_generation(&id("a@x")).await?, generation);
    }
    Ok(())
}
