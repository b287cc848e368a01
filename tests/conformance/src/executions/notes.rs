//! Notes beside a row: waiters of an execution, and output of its attempts.

use belfry_engine::ports::{Output, StoreError, StoredOutput};

use crate::{Backend, Verdict, fixtures::id};

pub fn output(attempt: u32, tail: &str) -> StoredOutput {
    StoredOutput { attempt, output: Output { tail: tail.to_owned(), bytes: tail.len() as u64, log: None } }
}

async fn waiters(backend: &Backend, dependency: &str) -> Result<Vec<String>, StoreError> {
    let mut waiters: Vec<String> =
        backend.executions.waiters(&id(dependency)).await?.iter().map(ToString::to_string).collect();
    waiters.sort();
    Ok(waiters)
}

pub async fn waiters_are_kept_until_they_are_removed(backend: &Backend) -> Verdict {
    let none: [&str; 0] = [];
    assert_eq!(waiters(backend, "never@seen").await?, none);
    // Nobody has a row yet, and some say it twice.
    for (dependency, waiter) in
        [("d@x", "a@x"), ("d@x", "b@x"), ("d@x", "a@x"), ("e@x", "a@x"), ("d@x~2", "c@x")]
    {
        backend.executions.add_waiter(&id(dependency), &id(waiter)).await?;
    }
    assert_eq!(waiters(backend, "d@x").await?, ["a@x", "b@x"]);
    assert_eq!(waiters(backend, "d@x~2").await?, ["c@x"]);
    for _ in 0..2 {
        backend.executions.remove_waiter(&id("d@x"), &id("a@x")).await?;
        assert_eq!(waiters(backend, "d@x").await?, ["b@x"]);
    }
    assert_eq!(waiters(backend, "e@x").await?, ["a@x"]);
    Ok(())
}

pub async fn outputs_are_kept_by_attempt(backend: &Backend) -> Verdict {
    assert_eq!(backend.executions.outputs(&id("a@x")).await?, []);
    // In no order, one of them twice: an attempt's output is written again with what came after.
    for (attempt, tail) in [(10, "ten"), (2, "two"), (1, "one"), (2, "two, and more \u{1f514}")] {
        backend.executions.keep_output(&id("a@x"), output(attempt, tail)).await?;
    }
    backend.executions.keep_output(&id("a@x~2"), output(1, "another generation")).await?;
    let kept = backend.executions.outputs(&id("a@x")).await?;
    assert_eq!(kept, [output(1, "one"), output(2, "two, and more \u{1f514}"), output(10, "ten")]);
    Ok(())
}
