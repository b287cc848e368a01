//! Executions that are kept beyond their retention, because jobs or people still need them.

use belfry_domain::{Execution, ExecutionId, PushSpec, Status};
use belfry_engine::{EngineError, PushRequest, Settings, ports::Completion};
use serde_json::{Value, json};

use super::{
    sorted,
    world::{Tried, World, bad, good},
};
use crate::{Backend, fixtures::id};

const DAY: u64 = 24 * 3600;

/// Lets so many days pass, does what is due, and removes what is old. Returns what was started, with its
/// input. The result of each is the name of its execution.
async fn live(world: &World, days: u64) -> Tried<Vec<(String, Value)>> {
    world.advance(days * DAY);
    world.tick().await?;
    world.forget_old().await?;
    let mut ran = Vec::new();
    // A look at dependencies starts nothing yet.
    while world.count_messages(|message| message.due <= world.now()) > 0 {
        for attempt in world.start().await? {
            let name = attempt.execution.id.to_string();
            world.end(&attempt, Completion::succeeded(Some(json!(name)))).await?;
            ran.push((name, attempt.input));
        }
    }
    Ok(ran)
}

async fn is_there(world: &World, name: &str) -> Tried<bool> {
    Ok(world.engine.ports.executions.execution(&id(name)).await?.is_some())
}

fn names(ran: &[(String, Value)]) -> Vec<String> {
    sorted(ran.iter().map(|(name, _)| name.clone()).collect())
}

fn results_of(jobs: &[&str]) -> Value {
    jobs.iter().map(|job| (*job, json!({ "$result": job }))).collect()
}

/// Dependents on the 1st, the 12th and the 20th, of what runs on the 1st only. Retention is seven days.
pub async fn a_rarer_jobs_result_is_kept_for_its_dependents(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let monthly = |name: &str| json!({ "job_id": name, "schedule": "0 0 1 * *" });
    let often = ["monthly", "once", "derived"];
    world
        .define([
            monthly("monthly"),
            monthly("alone"),
            json!({ "job_id": "derived", "dependencies": ["monthly"] }),
            json!({ "job_id": "once", "run_at": "2026-12-01T00:00:00Z" }),
            json!({ "job_id": "often", "schedule": "0 0 1,12,20 * *", "dependencies": often, "input": results_of(&often) }),
        ])
        .await?;
    let (december, january) = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let of = |slot: &str| json!({ "monthly": format!("monthly@{slot}"), "derived": format!("derived@{slot}"), "once": format!("once@{december}") });
    assert_eq!(live(&world, 8).await?.len(), 5);
    for (days, day) in [(11, "2026-12-12"), (8, "2026-12-20")] {
        assert_eq!(live(&world, days).await?, [(format!("often@{day}T00:00:00Z"), of(december))]);
        assert!(!is_there(&world, &format!("alone@{december}")).await?, "nobody depends on it");
    }
    assert_eq!(live(&world, 12).await?.last(), Some(&(format!("often@{january}"), of(january))));
    assert_eq!(live(&world, 11).await?, [("often@2027-01-12T00:00:00Z".to_owned(), of(january))]);
    for gone in ["monthly", "derived"] {
        assert!(!is_there(&world, &format!("{gone}@{december}")).await?, "the next slot has replaced it");
    }
    // Nobody asks for it any more.
    world.define([json!({ "job_id": "often", "schedule": "0 0 1,12,20 * *" })]).await?;
    live(&world, 8).await?;
    assert!(!is_there(&world, &format!("once@{december}")).await?);
    Ok(())
}

pub async fn a_dependency_that_is_added_in_time_has_its_result(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "monthly", "schedule": "0 0 1 * *" })]).await?;
    live(&world, 8).await?;
    let often = |name: &str| json!({ "job_id": name, "schedule": "0 0 12,20 * *", "dependencies": ["monthly"], "input": results_of(&["monthly"]) });
    world.advance(4 * DAY);
    world.define([often("often")]).await?;
    let input = json!({ "monthly": "monthly@2026-12-01T00:00:00Z" });
    assert_eq!(live(&world, 7).await?, [("often@2026-12-12T00:00:00Z".to_owned(), input.clone())]);
    assert_eq!(live(&world, 8).await?, [("often@2026-12-20T00:00:00Z".to_owned(), input)]);
    Ok(())
}

/// Added when the last slot's execution has gone: the dependent is skipped until there is another slot. It
/// does not time out, which would page somebody each day.
pub async fn a_dependency_that_is_added_too_late_is_skipped_over(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "monthly", "schedule": "0 0 1 * *" })]).await?;
    live(&world, 8).await?;
    live(&world, 9).await?;
    world
        .define([json!({ "job_id": "often", "schedule": "0 0 1,12 * *", "dependencies": ["monthly"] })])
        .await?;
    assert_eq!(live(&world, 2).await?, []);
    for _ in 0..5 {
        world.advance(900);
        world.tick().await?;
    }
    let (status, reason) = world.stands("often@2026-12-12T00:00:00Z").await?;
    assert_eq!((&*status, &*reason), ("skipped", "dependency monthly was skipped"));
    assert_eq!(world.alerts().await?, [""; 0]);
    world.advance(20 * DAY - 5 * 900);
    let ran = live(&world, 0).await?;
    assert_eq!(names(&ran), ["monthly@2027-01-01T00:00:00Z", "often@2027-01-01T00:00:00Z"]);
    Ok(())
}

/// The dependent found no worker for longer than the retention. A null in the place of the result would be
/// worse than a failure.
pub async fn a_result_that_has_gone_is_no_null(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world
        .define([
            json!({ "job_id": "root" }),
            json!({ "job_id": "after", "dependencies": ["root"], "pool": "rare", "input": results_of(&["root"]) }),
            json!({ "job_id": "plain", "dependencies": ["root"], "pool": "rare", "input": 1 }),
            json!({ "job_id": "list", "dependencies": ["root"], "pool": "rare", "for_each": { "$result": "root" } }),
        ])
        .await?;
    world.trigger("root", "a", Value::Null).await?;
    let root = world.start_those(|message| message.pool != "rare").await?;
    world.end(&root[0], Completion::succeeded(Some(json!([1, 2])))).await?;
    world.advance(9 * DAY);
    world.tick().await?;
    world.forget_old().await?;
    assert_eq!(world.work(good).await?, ["plain@a"]);
    let why = "the result of root@a has gone with the retention (7d)";
    assert_eq!(world.stands("after@a").await?, ("failed".to_owned(), why.to_owned()));
    assert_eq!(world.stands("list@a").await?, ("failed".to_owned(), format!("for_each: {why}")));
    Ok(())
}

async fn push(world: &World, name: &str, input: Value) -> Tried<ExecutionId> {
    let spec = json!({ "name": name, "target": { "type": "empty" }, "input": input });
    let spec: PushSpec = serde_json::from_value(spec).unwrap_or_else(|error| panic!("{error}"));
    Ok(world.engine.push(PushRequest { spec, idempotency_key: None }).await?.execution.id)
}

/// A trigger, pushes, an element and a dependent fail for good, and nobody decides for a month.
pub async fn what_a_person_is_to_decide_on_is_kept(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world
        .define([
            json!({ "job_id": "asked" }),
            json!({ "job_id": "quiet", "on_failure": "record" }),
            json!({ "job_id": "each", "for_each": ["x"], "input": { "$element": true } }),
            json!({ "job_id": "root" }),
            json!({ "job_id": "after", "dependencies": ["root"], "input": { "$result": "root" } }),
        ])
        .await?;
    let asked = world.trigger("asked", "a", json!({ "n": 7 })).await?;
    let other = world.trigger("asked", "b", json!({ "n": 8 })).await?;
    world.trigger("quiet", "a", Value::Null).await?;
    world.trigger("each", "a", Value::Null).await?;
    let pushed = push(&world, "pushed", json!("small")).await?;
    let root = world.trigger("root", "a", Value::Null).await?;
    let result = |row: &Execution| match row.job_id().as_str() {
        "root" => Completion::succeeded(Some(json!(9))),
        _ => bad(row),
    };
    world.work(result).await?;
    let (element, after) = (id("each@a,0"), id("after@a"));
    let all = [&asked, &other, &pushed, &element, &after, &root];
    for _ in 0..3 {
        world.advance(10 * DAY);
        world.tick().await?;
        world.forget_old().await?;
    }
    for letter in all {
        assert!(is_there(&world, letter.as_str()).await?, "{letter}");
    }
    assert!(!is_there(&world, "quiet@a").await?, "nothing is to be decided");
    for letter in [&asked, &pushed, &element, &after] {
        world.engine.redrive(letter, None).await?;
    }
    assert!(world.engine.discard(&other).await?);
    let mut inputs = Vec::new();
    for attempt in world.start().await? {
        inputs.push(attempt.input.to_string());
        world.end(&attempt, Completion::succeeded(None)).await?;
    }
    assert_eq!(sorted(inputs), [r#""small""#, r#""x""#, "9", r#"{"n":7}"#]);
    // Retention counts from the decision.
    world.advance(6 * DAY);
    world.tick().await?;
    world.forget_old().await?;
    assert!(is_there(&world, other.as_str()).await?);
    assert_eq!(world.row(asked.as_str()).await?.status, Status::Failed);
    world.advance(2 * DAY);
    world.forget_old().await?;
    for letter in all {
        assert!(!is_there(&world, letter.as_str()).await?, "{letter} was decided on");
    }
    let gone = world.engine.retry_by_hand(&other, None).await;
    assert!(matches!(gone, Err(EngineError::NotFound { .. })), "{gone:?}");
    Ok(())
}

/// The cap is three letters a job here.
pub async fn the_oldest_of_too_many_dead_letters_are_discarded(backend: &Backend) -> Tried {
    let settings = Settings { dead_letters_per_job: 3, ..Settings::standalone() };
    let world = World::with(backend, settings);
    world.define([json!({ "job_id": "many" }), json!({ "job_id": "few" })]).await?;
    for name in ["a", "b", "c", "d", "e"] {
        world.trigger("many", name, Value::Null).await?;
        world.work(bad).await?;
        world.advance(1);
    }
    world.trigger("few", "a", Value::Null).await?;
    world.work(bad).await?;
    assert_eq!(world.engine.cap_dead_letters().await?, 2);
    assert_eq!(world.engine.cap_dead_letters().await?, 0);
    let letters = world.engine.ports.dead_letters.dead_letters(None, None, 10).await?.items;
    let left = letters.iter().map(|letter| letter.execution_id.to_string()).collect();
    assert_eq!(sorted(left), ["few@a", "many@c", "many@d", "many@e"]);
    let says = world.alert("dead_letters_discarded/many").await?;
    assert_eq!(says, "many had more than 3 dead letters, and the oldest of them were discarded");
    world.advance(8 * DAY);
    world.forget_old().await?;
    for (name, is_kept) in [("many@a", false), ("many@b", false), ("many@c", true)] {
        assert_eq!(is_there(&world, name).await?, is_kept, "{name}");
    }
    Ok(())
}
