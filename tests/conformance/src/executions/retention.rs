//! Retention: removal of rows after their time, and generation numbers after it.

use std::time::Duration;

use belfry_domain::{Execution, Status};
use belfry_engine::ports::{ExecutionFilter, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{at, id, row, row_at},
    listing::walk,
    notes::output,
};

/// Retention of a store that lets rows expire by itself, unless it is opened with another one.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

async fn create_ended(backend: &Backend, name: &str, ms: i64) -> Verdict {
    let ended = Execution { status: Status::Success, end_time: Some(at(ms)), ..row(name) };
    backend.create_new(ended).await.map(drop)
}

/// Whether the store lets rows expire by itself. Then the case has nothing to check: the store finds no
/// old rows, and removes nothing when it is asked to.
async fn expires_by_itself(backend: &Backend) -> Result<bool, StoreError> {
    if backend.expires_by_itself() {
        create_ended(backend, "a@expiring", 0).await?;
        assert_eq!(backend.executions.ended_before(at(100), 10).await?, []);
        backend.executions.remove_ended(&[id("a@expiring")]).await?;
        backend.present("a@expiring").await?;
    }
    Ok(backend.expires_by_itself())
}

async fn found(backend: &Backend, before: i64, limit: usize) -> Result<Vec<String>, StoreError> {
    let rows = backend.executions.ended_before(at(before), limit).await?;
    for row in &rows {
        assert_eq!(backend.present(row.id.as_str()).await?, *row, "whole");
    }
    Ok(rows.iter().map(|row| row.id.to_string()).collect())
}

pub async fn what_ended_before_is_found_in_the_order_of_creation(backend: &Backend) -> Verdict {
    if expires_by_itself(backend).await? {
        return Ok(());
    }
    for (name, ms) in [("a@late", 99), ("a@edge", 100), ("a@new", 101), ("a@early", 1), ("b@last", 50)] {
        create_ended(backend, name, ms).await?;
    }
    backend.create_new(row_at("a@never", at(-1_000))).await?;
    assert_eq!(found(backend, 100, 10).await?, ["a@late", "a@early", "b@last"]);
    assert_eq!(found(backend, 100, 2).await?, ["a@late", "a@early"]);
    assert_eq!(found(backend, 1, 10).await?, Vec::<String>::new());
    Ok(())
}

pub async fn only_what_has_ended_is_removed(backend: &Backend) -> Verdict {
    if expires_by_itself(backend).await? {
        return Ok(());
    }
    create_ended(backend, "a@old", 99).await?;
    create_ended(backend, "a@other", 99).await?;
    backend.create_new(row_at("a@never", at(-1_000))).await?;
    backend.executions.keep_output(&id("a@never"), output(1, "printed")).await?;
    backend.executions.remove_ended(&[id("a@old"), id("a@never"), id("a@nobody")]).await?;
    assert_eq!(backend.executions.execution(&id("a@old")).await?, None);
    for name in ["a@other", "a@never"] {
        backend.present(name).await?;
    }
    assert_eq!(backend.executions.outputs(&id("a@never")).await?, [output(1, "printed")]);
    assert_eq!(walk(backend, &ExecutionFilter::default(), 10).await?.len(), 2);
    Ok(())
}

/// Checks the instant at which rows expire, where the store lets them expire by itself.
pub async fn retention_counts_from_where_it_is_said_to(backend: &Backend) -> Verdict {
    for name in ["a@kept", "a@later", "a@old"] {
        create_ended(backend, name, 1).await?;
    }
    backend.create_new(row("a@open")).await?;
    let executions = &backend.executions;
    executions.retain_from(&id("a@kept"), None).await?;
    executions
        .retain_from(&id("a@later"), Some(at(if backend.expires_by_itself() { 50_000 } else { 100 })))
        .await?;
    executions.retain_from(&id("a@nobody"), None).await?;
    assert_eq!(executions.execution(&id("a@nobody")).await?, None);
    if let Some(expiry) = &backend.expiry {
        let after = |ms| at(ms).plus(RETENTION + Duration::from_secs(2));
        for (from, left) in [(1, vec!["a@kept", "a@later"]), (100_000, vec!["a@kept"])] {
            expiry.expire(after(from)).await;
            for name in ["a@kept", "a@later", "a@old"] {
                let is_there = executions.execution(&id(name)).await?.is_some();
                assert_eq!(is_there, left.contains(&name), "{name} after {from}");
            }
        }
        return Ok(());
    }
    executions.retain_from(&id("a@open"), Some(at(1))).await?;
    assert_eq!(found(backend, 100, 10).await?, ["a@old"]);
    assert_eq!(found(backend, 101, 10).await?, ["a@later", "a@old"]);
    executions.retain_from(&id("a@kept"), Some(at(5))).await?;
    assert_eq!(found(backend, 100, 10).await?, ["a@kept", "a@old"]);
    Ok(())
}

pub async fn removal_can_be_repeated(backend: &Backend) -> Verdict {
    if expires_by_itself(backend).await? {
        return Ok(());
    }
    for number in 0..5 {
        create_ended(backend, &format!("a@{number}"), number).await?;
    }
    for _ in 0..2 {
        backend.executions.remove_ended(&[id("a@0"), id("a@1"), id("a@2")]).await?;
        assert_eq!(found(backend, 100, 10).await?, ["a@3", "a@4"]);
    }
    backend.executions.remove_ended(&[]).await?;
    assert_eq!(found(backend, 100, 10).await?, ["a@3", "a@4"]);
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
        backend.executions.add_waiter(&id("never@came"), &id(name)).await?;
    }
    backend.executions.remove_ended(&[id("a@old")]).await?;
    assert_eq!(backend.executions.outputs(&id("a@old")).await?, []);
    assert_eq!(backend.executions.waiters(&id("a@old")).await?, []);
    assert_eq!(backend.executions.outputs(&id("a@new")).await?, [output(1, "printed")]);
    assert_eq!(backend.executions.waiters(&id("a@new")).await?, [id("b@x")]);
    assert_eq!(backend.executions.waiters(&id("never@came")).await?, [id("a@new")]);
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

pub async fn elements_count_generations_of_their_own(backend: &Backend) -> Verdict {
    for name in ["a@x", "a@x,0", "a@x,0~5", "a@x~2", "a@x~2,0", "a@x~2,1", "a@x~2,1~7", "a@x~2,10~9"] {
        backend.create_new(row(name)).await?;
    }
    for (first, latest) in [("a@x", 2), ("a@x,0", 5), ("a@x~2,0", 1), ("a@x~2,1", 7), ("a@x,1", 0)] {
        assert_eq!(backend.executions.latest_generation(&id(first)).await?, latest, "{first}");
    }
    Ok(())
}
