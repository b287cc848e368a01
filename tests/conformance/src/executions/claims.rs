//! Claims: one claim starts an attempt, and the others learn which one was first.

use std::time::Duration;

use belfry_domain::{
    AttemptOutcome, Change, ClaimRequest, Execution, Failure, HumanDuration, Refusal, Status, Timestamp,
};
use belfry_engine::ports::{Applied, Claimed, Position, StoreError};

use crate::{
    Backend, Verdict,
    fixtures::{at, claim, claim_at, guard, id, legal, row, row_at, waiting_for},
    paging,
};

/// Checks that a claim starts nothing, and that its answer holds the reason and the unchanged row.
async fn expect_refusal(backend: &Backend, request: &ClaimRequest, refusal: Refusal) -> Verdict {
    let before = backend.executions.execution(&request.execution_id).await?;
    let claimed = backend.executions.claim(request).await?;
    let Some(row) = before.clone() else { panic!("{} is gone", request.execution_id) };
    assert_eq!(claimed, Claimed::Refused(Box::new(row), refusal));
    assert_eq!(backend.executions.execution(&request.execution_id).await?, before);
    Ok(())
}

async fn fail(backend: &Backend, row: &Execution, ready_at: Timestamp) -> Result<Execution, StoreError> {
    let failure = Failure { outcome: AttemptOutcome::Failed, error: "exit code 1".to_owned() };
    let change = legal(Change::retry_at(row, &failure, ready_at, guard(row.id.as_str()).key, at(2_000)));
    assert_eq!(backend.executions.apply(change.clone()).await?, Applied::Won);
    Ok(change.row)
}

pub async fn a_claim_starts_the_attempt(backend: &Backend) -> Verdict {
    let queued = backend.create_new(row("a@x")).await?;
    let request = claim("a@x", 1, 77);
    let started = backend.start(&request).await?;
    let expected = Execution {
        revision: queued.revision + 1,
        status: Status::Running,
        attempt: 1,
        start_time: Some(at(1_000)),
        claim: Some(request.claim),
        job_version: 1,
        ..queued
    };
    assert_eq!(started, expected);
    assert_eq!(backend.present("a@x").await?, expected, "what is stored is what was answered");
    Ok(())
}

pub async fn the_second_claim_gets_the_winners_row(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    backend.start(&claim("a@x", 1, 1)).await?;
    let second = claim("a@x", 1, 2);
    expect_refusal(backend, &second, Refusal::Held).await?;
    assert!(!second.is_mine(&backend.present("a@x").await?));
    Ok(())
}

pub async fn a_repeated_claim_knows_itself(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let request = claim("a@x", 1, 1);
    backend.start(&request).await?;
    expect_refusal(backend, &request, Refusal::Held).await?;
    let running = backend.present("a@x").await?;
    assert!(request.is_mine(&running));
    // Even if the attempt is over before the repetition arrives.
    let done = legal(Change::succeeded(&running, None, at(2_000)));
    assert_eq!(backend.executions.apply(done).await?, Applied::Won);
    expect_refusal(backend, &request, Refusal::Finished).await?;
    assert!(request.is_mine(&backend.present("a@x").await?));
    Ok(())
}

pub async fn only_the_next_attempt_may_start(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    expect_refusal(backend, &claim("a@x", 0, 1), Refusal::OtherAttempt).await?;
    expect_refusal(backend, &claim("a@x", 2, 1), Refusal::OtherAttempt).await?;
    let running = backend.start(&claim("a@x", 1, 1)).await?;
    fail(backend, &running, at(2_000)).await?;
    expect_refusal(backend, &claim_at("a@x", 1, 2, at(3_000)), Refusal::OtherAttempt).await?;
    expect_refusal(backend, &claim_at("a@x", 3, 2, at(3_000)), Refusal::OtherAttempt).await?;
    let second = backend.start(&claim_at("a@x", 2, 2, at(3_000))).await?;
    assert_eq!((second.attempt, second.failures), (2, 1));
    assert_eq!(second.start_time, Some(at(1_000)), "that of the first attempt");
    Ok(())
}

pub async fn nothing_starts_before_its_time(backend: &Backend) -> Verdict {
    backend.create_new(row_at("a@x", at(5_000))).await?;
    expect_refusal(backend, &claim_at("a@x", 1, 1, at(4_999)), Refusal::NotYet).await?;
    let running = backend.start(&claim_at("a@x", 1, 1, at(5_000))).await?;
    fail(backend, &running, at(9_000)).await?;
    expect_refusal(backend, &claim_at("a@x", 2, 2, at(8_999)), Refusal::NotYet).await?;
    backend.start(&claim_at("a@x", 2, 2, at(9_000))).await?;
    Ok(())
}

pub async fn nothing_starts_before_its_dependencies(backend: &Backend) -> Verdict {
    let waiting = backend.create_new(waiting_for(row("a@x"), "b@x")).await?;
    expect_refusal(backend, &claim("a@x", 1, 1), Refusal::NotYet).await?;
    let released = legal(Change::released(&waiting, at(1_000)));
    assert_eq!(backend.executions.apply(released).await?, Applied::Won);
    backend.start(&claim("a@x", 1, 1)).await?;
    Ok(())
}

pub async fn what_has_ended_does_not_start(backend: &Backend) -> Verdict {
    for status in Status::ALL.into_iter().filter(|status| status.is_terminal()) {
        let name = format!("a@{status}");
        backend.create_new(Execution { status, end_time: Some(at(1)), ..row(&name) }).await?;
        expect_refusal(backend, &claim(&name, 1, 1), Refusal::Finished).await?;
    }
    Ok(())
}

pub async fn a_deadline_that_is_over_refuses(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let request = |ms| ClaimRequest {
        starting_deadline: Some(HumanDuration(Duration::from_secs(60))),
        ..claim_at("a@x", 1, 1, at(ms))
    };
    expect_refusal(backend, &request(60_001), Refusal::TooLate).await?;
    backend.start(&request(60_000)).await?;
    // It was due at 0, and what it waited for has kept it until 50 s.
    backend.create_new(Execution { ready_at: at(50_000), ..row("b@x") }).await?;
    let request = |ms| ClaimRequest { execution_id: id("b@x"), ..request(ms) };
    expect_refusal(backend, &request(60_001), Refusal::TooLate).await?;
    backend.start(&request(60_000)).await?;
    Ok(())
}

pub async fn the_first_claim_pins_the_version(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let running = backend.start(&ClaimRequest { job_version: 4, ..claim("a@x", 1, 1) }).await?;
    assert_eq!(running.job_version, 4);
    fail(backend, &running, at(2_000)).await?;
    let again = backend.start(&ClaimRequest { job_version: 5, ..claim_at("a@x", 2, 2, at(3_000)) }).await?;
    assert_eq!(again.job_version, 4);
    Ok(())
}

pub async fn a_claim_of_nothing_is_missing(backend: &Backend) -> Verdict {
    assert_eq!(backend.executions.claim(&claim("a@x", 1, 1)).await?, Claimed::Missing);
    assert_eq!(backend.executions.execution(&id("a@x")).await?, None);
    Ok(())
}

pub async fn a_claim_brings_its_guard_along(backend: &Backend) -> Verdict {
    let near = guard("a@x");
    let request = |attempt, id| ClaimRequest { guard: Some(near.clone()), ..claim("a@x", attempt, id) };
    let timers = async || paging::walk(backend, 0, Position::After(at(0)), near.key.fire_at, 10).await;
    backend.create_new(row("a@x")).await?;
    expect_refusal(backend, &request(2, 1), Refusal::OtherAttempt).await?;
    assert_eq!(timers().await?, [], "a claim that is refused writes nothing");
    let running = backend.start(&request(1, 1)).await?;
    assert_eq!(running.guard, near.key);
    assert_eq!(timers().await?, std::slice::from_ref(&near));
    let Ok(late) = request(1, 2).judge(&row("a@x")) else { panic!("it may start") };
    backend.timers.remove_timer(&near.key).await?;
    assert!(matches!(backend.executions.apply(late).await?, Applied::Lost(_)));
    assert_eq!(timers().await?, []);
    Ok(())
}
