//! Changes: each is made from one revision of a row, and replaces that revision only.

use belfry_domain::{AttemptOutcome, Change, Execution, Failure, Status};
use belfry_engine::ports::Applied;
use serde_json::json;

use crate::{
    Backend, Verdict,
    fixtures::{at, claim, claim_at, id, legal, row},
};

fn lost_to(winner: &Execution) -> Applied {
    Applied::Lost(Some(Box::new(winner.clone())))
}

pub async fn a_change_replaces_the_row(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let running = backend.start(&claim("a@x", 1, 1)).await?;
    let done = legal(Change::succeeded(&running, Some(json!({ "rows": 3 })), at(2_000)));
    assert_eq!(backend.executions.apply(done.clone()).await?, Applied::Won);
    assert_eq!(backend.present("a@x").await?, done.row);
    Ok(())
}

pub async fn the_loser_gets_the_winners_row(backend: &Backend) -> Verdict {
    let queued = backend.create_new(row("a@x")).await?;
    let cancelled = legal(Change::cancelled(&queued, "by hand", at(1)));
    let skipped = legal(Change::skipped(&queued, "by rule", at(1)));
    assert_eq!(backend.executions.apply(cancelled.clone()).await?, Applied::Won);
    assert_eq!(backend.executions.apply(skipped).await?, lost_to(&cancelled.row));
    assert_eq!(backend.present("a@x").await?, cancelled.row);
    Ok(())
}

pub async fn a_repeated_change_finds_its_own_row(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let running = backend.start(&claim("a@x", 1, 1)).await?;
    let done = legal(Change::succeeded(&running, Some(json!([0.5, "ü", { "deep": null }])), at(2_000)));
    assert_eq!(backend.executions.apply(done.clone()).await?, Applied::Won);
    // The engine takes a lost write for a win if the row is the one that it wanted to write.
    assert_eq!(backend.executions.apply(done.clone()).await?, lost_to(&done.row));
    Ok(())
}

pub async fn a_change_of_nothing_is_lost(backend: &Backend) -> Verdict {
    let never_written = row("a@x");
    let change = legal(Change::cancelled(&never_written, "by hand", at(1)));
    assert_eq!(backend.executions.apply(change).await?, Applied::Lost(None));
    assert_eq!(backend.executions.execution(&id("a@x")).await?, None);
    Ok(())
}

pub async fn a_stale_worker_cannot_write(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let first = backend.start(&claim("a@x", 1, 1)).await?;
    let lost = legal(Change::lost(&first, at(40_000)));
    assert_eq!(backend.executions.apply(lost).await?, Applied::Won);
    let second = backend.start(&claim_at("a@x", 2, 2, at(41_000))).await?;
    let failure = Failure { outcome: AttemptOutcome::Failed, error: "late".to_owned() };
    let late = [
        Change::heartbeat(&first, at(90_000)),
        legal(Change::succeeded(&first, None, at(42_000))),
        legal(Change::failed(&first, &failure, at(42_000))),
    ];
    for change in late {
        assert_eq!(backend.executions.apply(change).await?, lost_to(&second));
    }
    assert_eq!(backend.present("a@x").await?, second);
    assert_eq!((second.attempt, second.lost, second.status), (2, 1, Status::Running));
    Ok(())
}

pub async fn an_end_is_final(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    let running = backend.start(&claim("a@x", 1, 1)).await?;
    let done = legal(Change::succeeded(&running, None, at(2_000)));
    assert_eq!(backend.executions.apply(done.clone()).await?, Applied::Won);
    let others = [Change::heartbeat(&running, at(90_000)), Change::cancel_requested(&running, "by hand")];
    for change in others {
        assert_eq!(backend.executions.apply(change).await?, lost_to(&done.row));
    }
    Ok(())
}
