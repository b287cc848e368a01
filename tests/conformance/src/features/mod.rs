//! Promises of the engine for each feature, over every store.

mod keys;
mod rules;
mod stands;
mod time;
mod world;

use belfry_domain::{
    BackfillOrder, BackfillStatus, Execution, Priority, Progress, SlotRange, Status, Trigger,
};
use belfry_engine::{CircuitChange, EngineError, Precondition, Settings, ports::Completion};
use serde_json::{Value, json};

use self::world::{HELD_SECONDS, attempts, bad};
pub use self::{
    keys::{
        a_key_stands_for_one_request, a_named_instant_is_part_of_the_request, a_request_is_what_it_means,
        a_request_that_is_sent_again_completes_a_rerun, a_retried_push_hides_no_failure_of_the_job,
        a_retried_push_replaces_no_result_of_the_job, a_run_beside_a_push_deals_with_no_letter_of_it,
        a_trigger_is_known_by_its_key_and_its_input, no_dependent_loses_its_run_to_a_key,
        no_key_takes_a_slot, one_of_two_retries_for_a_key_is_new,
    },
    rules::every_rule_keeps_its_deadline,
    stands::{
        a_dead_holder_gives_its_permit_back, a_deep_queue_stops_no_other,
        a_new_leader_looks_at_once_at_what_waits, a_pause_is_passed_over_by_the_policy_however_short,
        after_an_outage_skip_starts_nothing_older_than_its_step, what_could_not_be_read_is_not_late_for_ever,
        what_has_run_long_is_watched, what_has_waited_long_is_watched,
    },
    time::{
        a_backfill_is_not_too_late, a_line_goes_by_turns_whatever_was_before, a_list_of_a_skipped_job_skips,
        a_mapped_job_waits_for_its_list, a_starting_deadline_counts_from_the_slot,
        schedules_of_all_periods_wait_for_each_other_in_autumn,
        schedules_of_all_periods_wait_for_each_other_in_spring, waiting_for_a_turn_is_no_lateness,
        what_waits_beyond_its_deadline_is_skipped,
    },
    world::{Tried, World, good},
};
use crate::{
    Backend,
    fixtures::{at, claim_at, id, job_id, row_at},
};

const NOTHING: Value = Value::Null;

fn years(from: u32, to: u32) -> SlotRange {
    let new_year = |year| format!("{year}-01-01T00:00:00Z").parse().unwrap_or_else(|error| panic!("{error}"));
    SlotRange { from: new_year(from), to: new_year(to), order: BackfillOrder::OldestFirst }
}

fn new_years(job: &str, years: impl IntoIterator<Item = u32>) -> Vec<String> {
    years.into_iter().map(|year| format!("{job}@{year}-01-01T00:00:00Z")).collect()
}

pub async fn one_waits_while_as_many_run_as_may(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "one", "max_concurrency": 1 })]).await?;
    for name in ["a", "b"] {
        world.trigger("one", name, NOTHING).await?;
    }
    let running = world.start().await?;
    assert_eq!(attempts(&running), ["one@a"]);
    let waits = ("waiting".to_owned(), "waiting for a permit: max_concurrency is reached".to_owned());
    assert_eq!(world.stands("one@b").await?, waits);
    world.end(&running[0], Completion::succeeded(None)).await?;
    assert_eq!(attempts(&world.start().await?), ["one@b"]);
    Ok(())
}

pub async fn keys_take_turns(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = json!({ "job_id": "keyed", "max_concurrency": 1, "concurrency_key": "input.customer" });
    world.define([job]).await?;
    for name in ["a1", "a2", "a3", "a4", "b1"] {
        world.trigger("keyed", name, json!({ "customer": &name[..1] })).await?;
    }
    let order = world.work(good).await?;
    assert_eq!(order, ["keyed@a1", "keyed@a2", "keyed@b1", "keyed@a3", "keyed@a4"]);
    Ok(())
}

pub async fn a_slot_that_is_forbidden_is_skipped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "alone", "schedule": "* * * * *", "concurrency": "forbid" })]).await?;
    for _ in 0..2 {
        world.advance(60);
        world.tick().await?;
        world.start().await?;
    }
    assert_eq!(world.row("alone@2026-11-23T00:01:00Z").await?.status, Status::Running);
    let (status, reason) = world.stands("alone@2026-11-23T00:02:00Z").await?;
    assert_eq!(
        (&*status, &*reason),
        (
            "skipped",
            "skipped: unfinished executions hold 1 of 1 permits of max_concurrency (concurrency: forbid)"
        )
    );
    Ok(())
}

pub async fn what_is_asked_for_waits_where_others_are_skipped_or_replaced(backend: &Backend) -> Tried {
    let world = World::over(backend);
    for policy in ["forbid", "replace"] {
        world.define([json!({ "job_id": policy, "schedule": "@yearly", "concurrency": policy })]).await?;
        world.trigger(policy, "first", NOTHING).await?;
        let first = world.start().await?;
        let backfill = world.backfill(policy, years(2023, 2026), 3).await?;
        assert_eq!(attempts(&world.start().await?), [""; 0], "{policy}");
        world.end(&first[0], Completion::succeeded(None)).await?;
        assert_eq!(world.work(bad).await?, new_years(policy, 2023..2026), "{policy}");
        world.tick().await?;
        let over =
            world.engine.ports.backfills.backfill(&backfill).await?.map(|row| (row.status, row.tally.failed));
        assert_eq!(over, Some((BackfillStatus::Finished, 3)));
        for name in new_years(policy, 2023..2026) {
            world.engine.retry_by_hand(&id(&name), None).await?;
        }
        let again: Vec<String> =
            new_years(policy, 2023..2026).iter().map(|name| format!("{name}~2")).collect();
        assert_eq!(world.work(good).await?, again, "{policy}");
    }
    Ok(())
}

pub async fn the_newest_replaces_what_runs(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "newest", "concurrency": "replace" })]).await?;
    world.trigger("newest", "a", NOTHING).await?;
    let first = world.start().await?;
    world.trigger("newest", "b", NOTHING).await?;
    assert_eq!(attempts(&world.start().await?), [""; 0], "not before the first has stopped");
    assert!(world.row("newest@a").await?.cancel_requested);
    world.end(&first[0], Completion::failed("it was stopped")).await?;
    assert_eq!(
        world.stands("newest@a").await?,
        ("cancelled".to_owned(), "replaced by newest@b (concurrency: replace)".to_owned())
    );
    assert_eq!(attempts(&world.start().await?), ["newest@b"]);
    Ok(())
}

pub async fn changed_limits_reach_what_waits(backend: &Backend) -> Tried {
    let world = World::over(backend);
    for (name, before, after) in [
        ("wide", json!({ "max_concurrency": 1 }), json!({ "max_concurrency": 2 })),
        ("free", json!({ "max_concurrency": 1 }), json!({})),
        (
            "fast",
            json!({ "rate_limit": { "starts": 1, "per": "1h" } }),
            json!({ "rate_limit": { "starts": 100, "per": "1s" } }),
        ),
    ] {
        let job = |mut limits: Value| {
            limits["job_id"] = json!(name);
            [limits]
        };
        world.define(job(before)).await?;
        world.trigger(name, "a", NOTHING).await?;
        world.trigger(name, "b", NOTHING).await?;
        assert_eq!(attempts(&world.start().await?), [format!("{name}@a")]);
        world.define(job(after)).await?;
        assert_eq!(attempts(&world.start().await?), [format!("{name}@b")]);
    }
    Ok(())
}

pub async fn a_rate_spaces_starts(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world
        .define([json!({ "job_id": "paced", "rate_limit": { "starts": 1, "per": "10s", "burst": 2 } })])
        .await?;
    for name in ["a", "b", "c", "d"] {
        world.trigger("paced", name, NOTHING).await?;
    }
    assert_eq!(world.work(good).await?.len(), 2, "at once after a quiet time");
    for started in [0, 1, 0, 1] {
        world.pass(5).await?;
        assert_eq!(world.work(good).await?.len(), started);
    }
    Ok(())
}

pub async fn a_circuit_opens_skips_slots_and_tries_one(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let circuit = json!({ "threshold": 2, "open_for": "5m" });
    world.define([json!({ "job_id": "breaking", "schedule": "* * * * *", "circuit": circuit })]).await?;
    for name in ["a", "b"] {
        world.trigger("breaking", name, NOTHING).await?;
    }
    world.work(bad).await?;
    world.tick().await?;
    assert_eq!(world.alerts().await?, ["circuit_opened/breaking", "dead_letter/breaking"]);
    world.trigger("breaking", "c", NOTHING).await?;
    world.trigger("breaking", "d", NOTHING).await?;
    assert_eq!(attempts(&world.start().await?), [""; 0]);
    let (status, reason) = world.stands("breaking@c").await?;
    assert_eq!(
        (&*status, &*reason),
        ("waiting", "waiting: the circuit breaker is open until 2026-11-23T00:05:00Z")
    );
    world.advance(60);
    world.tick().await?;
    world.start().await?;
    let (status, reason) = world.stands("breaking@2026-11-23T00:01:00Z").await?;
    assert_eq!(
        (&*status, &*reason),
        ("skipped", "skipped: the circuit breaker is open until 2026-11-23T00:05:00Z")
    );
    world.advance(240);
    world.tick().await?;
    let probe = world.start().await?;
    assert_eq!(attempts(&probe), ["breaking@c"], "one alone");
    world.end(&probe[0], Completion::succeeded(None)).await?;
    assert_eq!(attempts(&world.start().await?), ["breaking@d"]);
    world.tick().await?;
    assert_eq!(world.alerts().await?, ["dead_letter/breaking"]);
    Ok(())
}

pub async fn a_circuit_that_was_opened_by_hand_stays_open(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "held", "circuit": { "threshold": 9 } })]).await?;
    for name in ["a", "b"] {
        world.trigger("held", name, NOTHING).await?;
    }
    let running = world.start().await?;
    world.engine.set_circuit(&job_id("held"), CircuitChange::Open(None)).await?;
    world.end(&running[0], Completion::succeeded(None)).await?;
    world.end(&running[1], Completion::failed_for_good("it is broken")).await?;
    world.trigger("held", "c", NOTHING).await?;
    assert_eq!(attempts(&world.start().await?), [""; 0]);
    assert_eq!(world.alerts().await?, ["dead_letter/held"]);
    world.engine.set_circuit(&job_id("held"), CircuitChange::Close).await?;
    assert_eq!(attempts(&world.start().await?), ["held@c"]);
    Ok(())
}

pub async fn a_job_that_is_defined_again_begins_with_a_closed_circuit(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = json!({ "job_id": "phoenix", "circuit": { "threshold": 1 } });
    world.define([job.clone()]).await?;
    world.trigger("phoenix", "a", NOTHING).await?;
    world.work(bad).await?;
    world.engine.delete_job(&job_id("phoenix"), &Precondition::None).await?;
    world.define([job]).await?;
    world.trigger("phoenix", "b", NOTHING).await?;
    assert_eq!(world.work(good).await?, ["phoenix@b"]);
    Ok(())
}

pub async fn a_change_of_priority_reaches_what_waits(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "urgent" }), json!({ "job_id": "usual" })]).await?;
    let usual = world.trigger("usual", "a", NOTHING).await?;
    let urgent = world.trigger("urgent", "a", NOTHING).await?;
    world.define([json!({ "job_id": "urgent", "priority": "critical" })]).await?;
    assert_eq!(world.classes_of(&urgent), [Priority::Normal, Priority::Critical]);
    assert_eq!(world.work(good).await?, [urgent.to_string(), usual.to_string()], "each once");
    Ok(())
}

pub async fn a_full_queue_refuses(backend: &Backend) -> Tried {
    let backlog_limits = "*/normal=2".parse().unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings { backlog_limits, ..Settings::standalone() };
    let world = World::with(backend, settings);
    world.define([json!({ "job_id": "much" })]).await?;
    for name in ["a", "b"] {
        world.trigger("much", name, NOTHING).await?;
    }
    let refused = world.trigger("much", "c", NOTHING).await;
    assert!(matches!(refused, Err(EngineError::Backlogged { depth: 2, limit: 2, .. })), "{refused:?}");
    world.trigger("much", "b", NOTHING).await?;
    world.work(good).await?;
    world.trigger("much", "c", NOTHING).await?;
    Ok(())
}

pub async fn each_misfire_policy_makes_up_for_what_it_says(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = |name: &str, cap: u32| json!({ "job_id": name, "schedule": "@hourly", "misfire": name, "misfire_cap": cap });
    world.define([job("skip", 1), job("latest", 1), job("all", 2)]).await?;
    world.advance(4 * 3600 + 600);
    world.tick().await?;
    let mut ran = world.work(good).await?;
    ran.sort_unstable();
    let expected = ["all@2026-11-23T03:00:00Z", "all@2026-11-23T04:00:00Z", "latest@2026-11-23T04:00:00Z"];
    assert_eq!(ran, expected);
    Ok(())
}

pub async fn what_has_not_started_by_its_deadline_is_skipped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "late", "max_concurrency": 1, "starting_deadline": "30s" })]).await?;
    for name in ["a", "b"] {
        world.trigger("late", name, NOTHING).await?;
    }
    world.start().await?;
    for _ in 0..45 {
        world.pass(1).await?;
        world.start().await?;
    }
    assert_eq!(world.row("late@b").await?.status, Status::Skipped);
    Ok(())
}

pub async fn a_missed_deadline_is_an_alert_until_it_has_ended(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world
        .define([json!({ "job_id": "due", "run_at": "2026-11-23T00:01:00Z", "must_finish_by": "30s" })])
        .await?;
    world.advance(60);
    world.tick().await?;
    let running = world.start().await?;
    world.pass(29).await?;
    assert_eq!(world.alerts().await?, [""; 0]);
    world.pass(3).await?;
    assert_eq!(world.alerts().await?, ["missed_deadline/due@2026-11-23T00:01:00Z"]);
    world.end(&running[0], Completion::succeeded(None)).await?;
    world.tick().await?;
    assert_eq!(world.alerts().await?, [""; 0]);
    Ok(())
}

pub async fn a_backfill_goes_on_as_its_executions_end(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "past", "schedule": "@yearly" })]).await?;
    let backfill = world.backfill("past", years(2019, 2026), 2).await?;
    let first = world.start().await?;
    assert_eq!(attempts(&first), new_years("past", [2019, 2020]), "no more than two");
    for attempt in &first {
        world.end(attempt, Completion::succeeded(None)).await?;
    }
    assert_eq!(world.work(good).await?, new_years("past", 2021..2026));
    let row = world.engine.ports.backfills.backfill(&backfill).await?;
    assert_eq!(row.map(|row| (row.status, row.tally.succeeded)), Some((BackfillStatus::Finished, 7)));
    assert_eq!(world.row("past@2019-01-01T00:00:00Z").await?.backfill, Some(backfill));
    Ok(())
}

pub async fn a_backfill_is_paused_and_cancelled(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let retry = json!({ "base": "10m" });
    world.define([json!({ "job_id": "past", "schedule": "@yearly", "retry": retry })]).await?;
    let backfill = world.backfill("past", years(2019, 2026), 1).await?;
    world.engine.pause_backfill(&backfill).await?;
    assert_eq!(world.work(good).await?, new_years("past", [2019]), "what was sent for");
    world.tick().await?;
    world.engine.resume_backfill(&backfill).await?;
    assert_eq!(world.work(|_| Completion::failed("not now")).await?, new_years("past", [2020]));
    world.engine.cancel_backfill(&backfill, "enough").await?;
    world.tick().await?;
    assert_eq!(world.row("past@2020-01-01T00:00:00Z").await?.status, Status::Cancelled, "no other try");
    let row = world.engine.ports.backfills.backfill(&backfill).await?;
    assert!(row.is_some_and(|row| row.is_over() && row.tally.not_run == 1));
    Ok(())
}

pub async fn a_graph_runs_again_from_what_failed(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let after = |name: &str, before: &str| json!({ "job_id": name, "dependencies": [before] });
    world.define([json!({ "job_id": "first" }), after("second", "first"), after("third", "second")]).await?;
    world.trigger("first", "a", NOTHING).await?;
    let fails = |row: &Execution| if row.job_id().as_str() == "second" { bad(row) } else { good(row) };
    assert_eq!(world.work(fails).await?, ["first@a", "second@a"]);
    world.tick().await?;
    assert_eq!(world.alerts().await?, ["dead_letter/second"]);
    let failed = world.engine.failed_in_graph(&id("first@a"), None).await?;
    let (mut reruns, refused) = world.engine.plan_reruns(failed, None).await?;
    assert_eq!((reruns.len(), refused.len()), (1, 0));
    world.engine.begin_rerun(&mut reruns[0], None).await?;
    assert_eq!(world.work(good).await?, ["second@a~2", "third@a~2"], "the first is kept");
    world.tick().await?;
    assert_eq!(world.alerts().await?, [""; 0], "its dead letter is dealt with");
    let again = world.engine.redrive(&id("second@a"), None).await;
    assert!(matches!(again, Err(EngineError::Conflict(_))), "{again:?}");
    Ok(())
}

pub async fn long_work_tells_how_far_it_is_and_is_stopped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "long", "timeout": "1h" })]).await?;
    world.trigger("long", "a", NOTHING).await?;
    let running = world.start().await?;
    let (name, token) = (&running[0].execution.id, running[0].token);
    let progress = Progress::new(Some(40.0), Some("loading"));
    let lease = std::time::Duration::from_secs(HELD_SECONDS);
    world.engine.heartbeat(name, token, lease, Some(progress.clone())).await?;
    assert_eq!(world.row("long@a").await?.progress, Some(progress));
    world.engine.cancel(name, "enough").await?;
    assert!(world.engine.heartbeat(name, token, lease, None).await?.execution.cancel_requested);
    world.end(&running[0], Completion::failed("it was stopped")).await?;
    assert_eq!(world.stands("long@a").await?, ("cancelled".to_owned(), "enough".to_owned()));
    Ok(())
}

pub async fn a_vanished_workers_work_starts_again(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "lost", "timeout": "1h", "max_concurrency": 1 })]).await?;
    world.trigger("lost", "a", NOTHING).await?;
    let vanished = world.start().await?;
    world.advance(HELD_SECONDS + 6);
    world.tick().await?;
    let second = world.start().await?;
    assert_eq!((attempts(&second), second[0].execution.attempt), (vec!["lost@a"], 2));
    assert!(world.end(&vanished[0], Completion::succeeded(None)).await.is_err(), "it is not its any more");
    world.end(&second[0], Completion::succeeded(None)).await?;
    assert_eq!(world.row("lost@a").await?.lost, 1);
    Ok(())
}

/// The worker read the job before the pause, stopped before it reached the store, and died.
pub async fn a_start_that_comes_after_a_pause_is_not_lost(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let jobs = ["late", "never"];
    world.define(jobs.map(|name| json!({ "job_id": name, "schedule": "@hourly" }))).await?;
    world.advance(3598);
    world.tick().await?;
    for name in jobs {
        world.engine.pause_job(&job_id(name), None).await?;
    }
    world.advance(2);
    assert_eq!(attempts(&world.start().await?), [""; 0], "their messages have come");
    let minutes = async |count| {
        for _ in 0..count {
            world.advance(60);
            world.tick().await?;
        }
        Tried::Ok(())
    };
    minutes(59).await?;
    let [late, never] = jobs.map(|name| format!("{name}@2026-11-23T01:00:00Z"));
    assert!(world.is_guarded(&never).await?);
    let slot = at(3_600_000);
    let row = Execution { trigger: Trigger::Schedule, ..row_at(&late, slot) };
    backend.create_new(claim_at(&late, 1, 7, slot).start_new(&row)).await?;
    // Looks are an hour and a quarter apart at most.
    minutes(150).await?;
    assert_eq!(world.work(good).await?, [late.as_str()]);
    assert_eq!((world.row(&late).await?.attempt, world.row(&late).await?.lost), (2, 1));
    assert!(!world.is_guarded(&never).await?, "nobody looks for it for ever");
    Ok(())
}

/// Cron sends no mail because of an exit code, so a job from a crontab must not page anybody for one.
pub async fn a_failure_that_is_only_recorded_pages_nobody(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = |name: &str, on_failure: &str| {
        let retry = json!({ "max_retries": 0, "max_lost": 0 });
        json!({ "job_id": name, "on_failure": on_failure, "retry": retry, "timeout": "1h" })
    };
    world.define([job("guard", "record"), job("loud", "dead_letter")]).await?;
    for name in ["guard", "loud"] {
        world.trigger(name, "a", NOTHING).await?;
    }
    world.work(bad).await?;
    world.trigger("guard", "lost", NOTHING).await?;
    world.start().await?;
    world.advance(HELD_SECONDS + 6);
    world.tick().await?;
    for name in ["guard@a", "guard@lost", "loud@a"] {
        assert_eq!(world.row(name).await?.status, Status::Failed, "{name}");
        let letter = world.engine.ports.dead_letters.dead_letter(&id(name)).await?;
        assert_eq!(letter.is_some(), name == "loud@a", "{name}");
    }
    assert_eq!(world.alerts().await?, ["dead_letter/loud"]);
    world.engine.retry_by_hand(&id("guard@a"), None).await?;
    assert_eq!(world.work(good).await?, ["guard@a~2"]);
    Ok(())
}
