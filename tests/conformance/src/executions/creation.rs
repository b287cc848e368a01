//! Creation: rows come into being once.

use std::collections::BTreeMap;

use belfry_domain::{
    Attempt, AttemptOutcome, Claim, Dependency, Execution, Holder, Outcome, Priority, Progress, Run, Status,
    Timer, Timestamp, Trigger,
};
use belfry_engine::ports::{Creation, Position};
use serde_json::json;

use crate::{
    Backend, Verdict,
    fixtures::{at, guard, id, job_id, row},
};

/// Execution row with a value in every field.
fn full() -> Execution {
    let dependency = Dependency { execution_id: id("upstream@x"), outcome: Some(Outcome::Success) };
    let attempt = Attempt {
        number: 1,
        worker_id: "worker \"a\"\n\u{1f514}".to_owned(),
        start_time: at(1),
        end_time: at(2),
        outcome: AttemptOutcome::TimedOut,
        error: Some("ä\0ö".to_owned()),
    };
    let claim = Claim {
        id: u64::MAX,
        worker_id: "b".to_owned(),
        lease_until: at(90),
        since: at(60),
        holder: Holder::Target,
    };
    Execution {
        revision: 7,
        status: Status::Running,
        job_version: 3,
        run: Run { id: "a@b".to_owned(), root: Some(job_id("a")), more_roots: vec![job_id("b")], graph: 12 },
        trigger: Trigger::Rerun,
        priority: Priority::Low,
        ready_at: Timestamp(-1),
        waited_until: Some(at(0)),
        start_time: Some(at(1)),
        end_time: Some(at(3)),
        attempt: 2,
        failures: 1,
        lost: 1,
        claim: Some(claim),
        cancel_requested: true,
        progress: Some(Progress::new(Some(42.0), Some("loading"))),
        dependencies: BTreeMap::from([(job_id("upstream"), dependency)]),
        reason: Some("'; DROP TABLE executions; --".to_owned()),
        input: Some(
            json!({ "numbers": [0, -1, i64::MIN, u64::MAX, 0.5, 1e-7], "nothing": null, "text": "ß" }),
        ),
        result: Some(json!([[], {}, "", false])),
        work: Some(Box::new(belfry_domain::JobSpec::new(&job_id("w")).work())),
        run_at: Some(at(-7)),
        rerun_of: Some(id("full@2026-11-23T00:00:00Z")),
        rerun_key: "key".parse().ok(),
        backfill: "01M87KV18J95HK8MG1QSM6W6PZ".parse().ok(),
        attempts: vec![attempt],
        ..row("full@2026-11-23T00:00:00Z~2")
    }
}

pub async fn a_row_comes_back_as_it_was(backend: &Backend) -> Verdict {
    let full = backend.create_new(full()).await?;
    assert_eq!(backend.executions.execution(&full.id).await?, Some(full));
    let plain = backend.create_new(row("plain@x")).await?;
    assert_eq!(backend.executions.execution(&plain.id).await?, Some(plain));
    Ok(())
}

pub async fn what_is_absent_reads_as_none(backend: &Backend) -> Verdict {
    backend.create_new(row("a@x")).await?;
    for absent in ["a@y", "b@x", "a@x~2", "A@x"] {
        assert_eq!(backend.executions.execution(&id(absent)).await?, None, "{absent}");
    }
    Ok(())
}

async fn all_timers(backend: &Backend) -> Result<Vec<Timer>, belfry_engine::ports::StoreError> {
    let page = backend.timers.due(0, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 100).await?;
    Ok(page.timers)
}

pub async fn a_guard_comes_with_its_row(backend: &Backend) -> Verdict {
    let creation = backend.executions.create(row("a@x"), Some(guard("a@x"))).await?;
    assert_eq!(creation, Creation::Created);
    assert_eq!(all_timers(backend).await?, [guard("a@x")]);
    Ok(())
}

pub async fn the_second_creation_gets_the_first_row(backend: &Backend) -> Verdict {
    let first = backend.create_new(row("a@x")).await?;
    let second = Execution { priority: Priority::Critical, ..row("a@x") };
    let creation = backend.executions.create(second, Some(guard("a@x"))).await?;
    assert_eq!(creation, Creation::Exists(Box::new(first.clone())));
    assert_eq!(backend.present("a@x").await?, first);
    assert_eq!(all_timers(backend).await?, [], "a guard without its row");
    Ok(())
}

pub async fn a_batch_creates_what_is_not_there(backend: &Backend) -> Verdict {
    let old = backend.create_new(row("a@2")).await?;
    let new = |text: &str| (Execution { priority: Priority::High, ..row(text) }, guard(text));
    let batch = vec![new("a@1"), new("a@2"), new("a@3"), new("a@1")];
    let creations = backend.executions.create_all(batch).await;
    let creations = creations.into_iter().collect::<Result<Vec<_>, _>>()?;
    let exists = |row: Execution| Creation::Exists(Box::new(row));
    let expected = [Creation::Created, exists(old), Creation::Created, exists(new("a@1").0)];
    assert_eq!(creations, expected, "one answer for each, in order");
    assert_eq!(backend.present("a@3").await?, new("a@3").0);
    assert_eq!(all_timers(backend).await?, [guard("a@1"), guard("a@3")]);
    assert!(backend.executions.create_all(vec![]).await.is_empty());
    Ok(())
}

pub async fn an_execution_runs_again_once_for_a_key(backend: &Backend) -> Verdict {
    let again = |name: &str, of: &str, key: Option<&str>| {
        let rerun_key = key.map(|key| key.parse().unwrap_or_else(|error| panic!("{key}: {error}")));
        Execution { rerun_of: Some(id(of)), rerun_key, ..row(name) }
    };
    let create = async |row: Execution, name: &str| backend.executions.create(row, Some(guard(name))).await;
    let first = again("a@x~2", "a@x", Some("k"));
    assert_eq!(create(first.clone(), "a@x~2").await?, Creation::Created);
    for name in ["a@x~2", "a@x~3", "a@x~7"] {
        let creation = create(again(name, "a@x", Some("k")), name).await?;
        assert_eq!(creation, Creation::Exists(Box::new(first.clone())), "{name}");
    }
    assert_eq!(all_timers(backend).await?, [guard("a@x~2")], "a guard without its row");
    for other in [
        again("a@x~3", "a@x", Some("l")),
        again("a@x~4", "a@x~2", Some("k")),
        again("a@x~5", "a@x", None),
        again("a@x~6", "a@x", None),
        again("a@y~2", "a@y", Some("k")),
        again("a@x,0~2", "a@x,0", Some("k")),
    ] {
        backend.create_new(other).await?;
    }
    Ok(())
}
