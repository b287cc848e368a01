//! Idempotency keys: a key stands for one request, and never for a slot.

use belfry_domain::{Execution, IdempotencyKey, Run, Timer};
use belfry_engine::{Accepted, PushRequest, ports::Completion};
use serde_json::{Value, json};

use super::{
    NOTHING,
    world::{Tried, World, bad, good},
};
use crate::{
    Backend,
    fixtures::{ONE, id, job_id},
};

impl World {
    async fn push(&self, key: &str, work: Value) -> Tried<Accepted> {
        let spec = serde_json::from_value(work).unwrap_or_else(|error| panic!("{error}"));
        let key = key.parse().unwrap_or_else(|error| panic!("{key}: {error}"));
        self.engine.push(PushRequest { spec, idempotency_key: Some(key) }).await
    }

    /// Ticks for this many minutes, and does all work; returns what was done.
    async fn minutes(&self, count: u64) -> Tried<Vec<String>> {
        let mut done = Vec::new();
        for _ in 0..count {
            self.advance(60);
            self.tick().await?;
            done.extend(self.work(good).await?);
        }
        Ok(done)
    }
}

fn of_slots(done: &[String]) -> Vec<&str> {
    let is_slot = |name: &&String| name.ends_with("00Z");
    done.iter().filter(is_slot).map(String::as_str).collect()
}

pub async fn no_key_takes_a_slot(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let named = |name: &str| json!({ "name": name, "target": { "type": "empty" } });
    // One that is defined only after the push.
    world.push("2026-11-23T00:03:00Z", named("later")).await?;
    let jobs = ["paid", "later"].map(|name| json!({ "job_id": name, "schedule": "* * * * *" }));
    world.define(jobs).await?;
    world.define([json!({ "job_id": "after", "dependencies": ["paid"] })]).await?;
    world.push("2026-11-23T00:01:00Z", named("paid")).await?;
    world.push("2026-11-23T00:02:00Z", named("after")).await?;
    world.trigger("paid", "2026-11-23T00:03:00Z", NOTHING).await?;
    let done = world.minutes(3).await?;
    let mut slots = of_slots(&done);
    slots.sort_unstable();
    let expected: Vec<String> = ["after", "later", "paid"]
        .iter()
        .flat_map(|job| (1..=3).map(move |minute| format!("{job}@2026-11-23T00:0{minute}:00Z")))
        .collect();
    assert_eq!(slots, expected, "among {done:?}");
    assert_eq!(done.len(), 9 + 5, "what was pushed and triggered, and what follows from it: {done:?}");
    Ok(())
}

pub async fn a_key_stands_for_one_request(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let plain = json!({ "target": { "type": "empty" }, "input": { "a": 1, "b": 2 }, "delay": "90s" });
    let first = world.push("order-42", plain.clone()).await?.execution;
    world.advance(30);
    let with = |field: &str, value: Value| {
        let mut other = plain.clone();
        other[field] = value;
        other
    };
    // The same, spelled out or written in another way.
    for again in [
        plain.clone(),
        with("delay", json!(90)),
        with("priority", json!("normal")),
        with("timeout", json!("1h")),
        with("input", json!({ "b": 2, "a": 1 })),
        with("name", json!("push")),
    ] {
        let accepted = world.push("order-42", again.clone()).await?;
        assert_eq!((accepted.is_new, &accepted.execution), (false, &first), "{again}");
    }
    let other_time = |field: &str, value: Value| {
        let mut other = plain.clone();
        other["delay"] = Value::Null;
        other[field] = value;
        other
    };
    for other in [
        with("delay", json!("91s")),
        with("delay", json!("60s")),
        other_time("delay", Value::Null),
        other_time("run_at", json!("2030-01-01T00:00:00Z")),
        other_time("run_at", json!("2020-01-01T00:00:00Z")),
        with("priority", json!("high")),
        with("input", json!({ "a": 1 })),
        with("input", Value::Null),
        with("target", json!({ "type": "http", "url": "https://example.com/" })),
        with("pool", json!("gpu")),
        with("max_retries", json!(1)),
        with("timeout", json!("2h")),
        with("execution_timeout", json!("2h")),
        with("starting_deadline", json!("2h")),
    ] {
        let refused = world.push("order-42", other.clone()).await;
        assert!(refused.is_err(), "{other}");
    }
    assert_eq!(world.row("push@order-42").await?, first, "nothing has changed");
    Ok(())
}

pub async fn a_named_instant_is_part_of_the_request(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let at = |run_at: &str| json!({ "target": { "type": "empty" }, "run_at": run_at });
    let none = json!({ "target": { "type": "empty" } });
    // The cases' epoch is 2026-11-23T00:00:00Z.
    for (key, named, others) in [
        ("ahead", "2026-11-23T01:00:00Z", ["2026-11-23T02:00:00Z", "2026-11-22T00:00:00Z"]),
        ("passed", "2026-11-22T00:00:00Z", ["2026-11-21T00:00:00Z", "2026-11-23T02:00:00Z"]),
    ] {
        world.push(key, at(named)).await?;
        for other in others {
            assert!(world.push(key, at(other)).await.is_err(), "{key}: {other}");
        }
        assert!(world.push(key, none.clone()).await.is_err(), "{key}");
        let offset = named.replace("T0", "T1").replace('Z', "+10:00");
        assert!(!world.push(key, at(&offset)).await?.is_new, "{key}: the same instant");
    }
    world.advance(2 * 3600);
    assert!(!world.push("ahead", at("2026-11-23T01:00:00Z")).await?.is_new, "also when it has passed");
    Ok(())
}

pub async fn a_trigger_is_known_by_its_key_and_its_input(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let after = json!({ "job_id": "after", "dependencies": ["job"] });
    world.define([json!({ "job_id": "job", "input": 0 }), after]).await?;
    let id = world.trigger("job", "k", json!(1)).await?;
    assert_eq!(world.trigger("job", "k", json!(1)).await?, id);
    world.define([json!({ "job_id": "job", "input": 2, "priority": "high" })]).await?;
    assert_eq!(world.trigger("job", "k", json!(1)).await?, id, "the request is the same as before");
    for other in [json!(2), NOTHING] {
        assert!(world.trigger("job", "k", other).await.is_err());
    }
    world.work(good).await?;
    assert!(world.trigger("after", "k", NOTHING).await.is_err(), "it ran as a dependent under this name");
    let pushed: Execution =
        world.push("p", json!({ "name": "job", "target": { "type": "empty" } })).await?.execution;
    assert!(world.trigger("job", "p", NOTHING).await.is_err(), "{}", pushed.id);
    Ok(())
}

fn again() -> IdempotencyKey {
    "again".parse().unwrap_or_else(|error| panic!("{error}"))
}

pub async fn one_of_two_retries_for_a_key_is_new(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.push("k", json!({ "target": { "type": "empty" } })).await?;
    world.work(bad).await?;
    let (old, key) = (id("push@k"), again());
    let retry = || world.engine.retry_by_hand(&old, Some(&key));
    let all = futures::future::try_join_all([retry(), retry(), retry(), retry()]).await?;
    assert_eq!(all.iter().filter(|accepted| accepted.is_new).count(), 1);
    assert!(all.iter().all(|accepted| accepted.execution.id == id("push@k~2")), "{all:?}");
    assert_eq!(world.work(bad).await?, ["push@k~2"]);
    world.engine.retry_by_hand(&old, None).await?;
    assert_eq!(retry().await?.execution.id, id("push@k~2"), "after its end, and after another one");
    Ok(())
}

/// The re-run begins with two executions, and the process that was asked first has died between their
/// creations.
pub async fn a_request_that_is_sent_again_completes_a_rerun(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let after = |name: &str, before: &[&str]| json!({ "job_id": name, "dependencies": before });
    let branches = [after("left", &["root"]), after("right", &["root"])];
    world
        .define([json!({ "job_id": "root" }), after("join", &["left", "right"])].into_iter().chain(branches))
        .await?;
    world.trigger("root", "a", NOTHING).await?;
    let fails = |row: &Execution| if row.job_id() == job_id("root") { good(row) } else { bad(row) };
    world.work(fails).await?;
    let failed = world.engine.failed_in_graph(&id("root@a"), Some(&again())).await?;
    let (mut reruns, _) = world.engine.plan_reruns(failed, Some(&again())).await?;
    assert_eq!(reruns.len(), 1);

    let left = world.row("left@a").await?;
    let guard = Timer::start(ONE, &id("left@a~2"), 1, left.due);
    let run = Run {
        id: "left@a~2".to_owned(),
        root: Some(job_id("left")),
        more_roots: vec![job_id("right")],
        graph: left.run.graph,
    };
    let mut row = Execution::new(
        id("left@a~2"),
        run,
        belfry_domain::Trigger::Rerun,
        left.due,
        left.due,
        guard.key.clone(),
    );
    (row.rerun_of, row.rerun_key) = (Some(left.id), Some(again().slot_name()));
    backend.executions.create(row, Some(guard)).await?;

    let begun = world.engine.begin_rerun(&mut reruns[0], Some(&again())).await?;
    let begun: Vec<(&str, bool)> = begun.iter().map(|one| (one.execution.id.as_str(), one.is_new)).collect();
    assert_eq!(begun, [("left@a~2", false), ("right@a~2", true)]);
    world.pass(120).await?;
    let mut done = world.work(good).await?;
    done.sort_unstable();
    assert_eq!(done, ["join@a~2", "left@a~2", "right@a~2"]);
    Ok(())
}

/// A run that is named after an idempotency key reaches its dependents, whatever other executions bear
/// that name.
pub async fn no_dependent_loses_its_run_to_a_key(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let after = |name: &str, before: &str| json!({ "job_id": name, "dependencies": [before] });
    let jobs = [json!({ "job_id": "first" }), after("second", "first"), after("third", "second")];
    world.define(jobs).await?;
    world.push("p", json!({ "name": "second", "target": { "type": "empty" } })).await?;
    world.trigger("second", "t", NOTHING).await?;
    world.work(good).await?;
    for key in ["p", "t"] {
        world.trigger("first", key, NOTHING).await?;
        let [second, third] = ["second", "third"].map(|job| format!("{job}@{key}~2"));
        assert_eq!(world.work(good).await?, [format!("first@{key}"), second.clone(), third], "{key}");
        let counted = world.row(&second).await?.dependencies;
        assert_eq!(counted[&job_id("first")].execution_id, id(&format!("first@{key}")));
    }
    Ok(())
}

/// `second@k` was pushed, and `second@k~2` and `third@k~2` are of a run that came to it.
async fn beside_a_push(backend: &Backend, how: impl Fn(&Execution) -> Completion) -> Tried<World> {
    let world = World::over(backend);
    let after = |name: &str, before: &str| json!({ "job_id": name, "dependencies": [before] });
    let jobs = [json!({ "job_id": "first" }), after("second", "first"), after("third", "second")];
    world.define(jobs).await?;
    world.push("k", json!({ "name": "second", "target": { "type": "empty" } })).await?;
    world.work(&how).await?;
    world.trigger("first", "k", NOTHING).await?;
    world.work(how).await?;
    Ok(world)
}

fn fails_in<'a>(names: &'a [&str]) -> impl Fn(&Execution) -> Completion + 'a {
    |row| if names.contains(&row.id.as_str()) { bad(row) } else { good(row) }
}

impl World {
    async fn is_open_letter(&self, name: &str) -> Tried<bool> {
        let letter = self.engine.ports.dead_letters.dead_letter(&id(name)).await?;
        Ok(letter.unwrap_or_else(|| panic!("no letter of {name}")).redriven_as.is_none())
    }

    /// The names of what failed of the graph.
    async fn failed(&self, run: &str, key: Option<&IdempotencyKey>) -> Tried<Vec<String>> {
        let failed = self.engine.failed_in_graph(&id(run), key).await?;
        Ok(failed.iter().map(|row| row.id.to_string()).collect())
    }
}

pub async fn a_retried_push_hides_no_failure_of_the_job(backend: &Backend) -> Tried {
    let world = Box::pin(beside_a_push(backend, fails_in(&["second@k~2"]))).await?;
    let pushed = world.engine.retry_by_hand(&id("second@k"), Some(&again())).await?.execution;
    assert_eq!(pushed.id, id("second@k~3"));
    world.work(good).await?;
    assert!(world.is_open_letter("second@k~2").await?, "a push is not in the place of the job's execution");
    assert_eq!(world.failed("first@k", None).await?, ["second@k~2"]);
    assert_eq!(world.failed("first@k", Some(&again())).await?, ["second@k~2"], "the key was the push's");
    world.engine.retry_by_hand(&id("second@k~2"), None).await?;
    assert_eq!(world.work(good).await?, ["second@k~4", "third@k~4"]);
    assert!(!world.is_open_letter("second@k~2").await?);
    Ok(())
}

pub async fn a_run_beside_a_push_deals_with_no_letter_of_it(backend: &Backend) -> Tried {
    let world = Box::pin(beside_a_push(backend, fails_in(&["second@k"]))).await?;
    assert!(world.is_open_letter("second@k").await?);
    world.engine.redrive(&id("second@k"), None).await?;
    assert_eq!(world.work(good).await?, ["second@k~3"], "nothing depends on a push");
    assert!(!world.is_open_letter("second@k").await?);
    Ok(())
}

pub async fn a_retried_push_replaces_no_result_of_the_job(backend: &Backend) -> Tried {
    let world = Box::pin(beside_a_push(backend, fails_in(&["third@k~2"]))).await?;
    world.engine.retry_by_hand(&id("second@k"), None).await?;
    world.work(good).await?;
    world.engine.retry_by_hand(&id("third@k~2"), None).await?;
    let counted = &world.row("third@k~3").await?.dependencies[&job_id("second")];
    assert_eq!(counted.execution_id, id("second@k~2"));
    Ok(())
}

/// A number is what it is worth, however it was written.
pub async fn a_request_is_what_it_means(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let http = |name: &str, value: &str| json!({ "type": "http", "url": "https://example.com/", "headers": { name: value } });
    let with = |input: Value| json!({ "target": http("X-Tenant", "a"), "input": input });
    for (input, same, others) in [
        (json!(1), json!(1.0), json!([1.000_000_1, "1", true])),
        (json!({ "a": [0, { "b": 2 }] }), json!({ "a": [-0.0, { "b": 2e0 }] }), json!([{ "a": [0] }])),
        // Two numbers that one f64 stands for are still two.
        (
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_993_u64),
            json!([9_007_199_254_740_992.0]),
        ),
        (json!(u64::MAX), json!(u64::MAX), json!([18_446_744_073_709_551_616.0, -1])),
        (json!(i64::MIN), json!(-9_223_372_036_854_775_808.0), json!([i64::MIN + 1])),
    ] {
        let key = format!("n-{input}").replace(['"', '{', '}'], "");
        let first = world.push(&key, with(input.clone())).await?.execution;
        let again = world.push(&key, with(same.clone())).await?;
        assert_eq!((again.is_new, again.execution), (false, first), "{input} and {same}");
        for other in others.as_array().into_iter().flatten() {
            assert!(world.push(&key, with(other.clone())).await.is_err(), "{input} and {other}");
        }
    }
    world.push("h", json!({ "target": http("X-Tenant", "a") })).await?;
    assert!(!world.push("h", json!({ "target": http("x-tenant", "a") })).await?.is_new);
    for other in [http("x-tenant", "A"), http("x-tenants", "a")] {
        assert!(world.push("h", json!({ "target": other })).await.is_err(), "{other}");
    }
    Ok(())
}
