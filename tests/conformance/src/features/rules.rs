//! Trigger rules with deadlines: each rule, with each way in which one to three dependencies can end, in time and
//! too late.

use belfry_domain::{Execution, TriggerRule};
use belfry_engine::ports::Completion;
use serde_json::{Value, json};

use super::world::{Tried, World, bad, good};
use crate::Backend;

/// Ends of the dependencies: S succeeded, F failed, U upstream_failed, K skipped.
const ENDS: &str = "S F U K SS SF SU SK FF FU FK UU UK KK SSS SSF SSU SSK SFF SFU SFK SUU SUK SKK FFF FFU FFK FUU \
                    FUK FKK UUU UUK UKK KKK";

/// Decision of each rule for these ends, in their order, by Airflow's documentation: r runs, s skipped, u
/// upstream_failed.
const TABLE: [(&str, &str); 11] = [
    ("all_success", "ruusruusuuuuusruusuuuuusuuuuuuuuus"),
    ("all_failed", "srrsssssrrsrssssssssssssrrsrssrsss"),
    ("all_done", "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"),
    ("one_success", "ruusrrrruuuuusrrrrrrrrrruuuuuuuuus"),
    ("one_failed", "srrssrrsrrrrrssrrsrrrrrsrrrrrrrrrs"),
    ("one_done", "rrssrrrrrrrsssrrrrrrrrrrrrrrrrssss"),
    ("none_failed", "ruurruuruuuuurruuruuuuuruuuuuuuuur"),
    ("none_failed_min_one_success", "ruusruuruuuuusruuruuuuuruuuuuuuuus"),
    ("none_skipped", "rrrsrrrsrrsrssrrrsrrsrssrrsrssrsss"),
    ("all_skipped", "sssrsssssssssrsssssssssssssssssssr"),
    ("always", "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"),
];

/// Three jobs for each end, all from one slot.
fn upstream(set: &str, slot: &str) -> Vec<Value> {
    let name = |end: char, number| format!("{set}.{end}{number}");
    (1..=3)
        .flat_map(|n| {
            [
                json!({ "job_id": name('S', n), "run_at": slot }),
                json!({ "job_id": name('F', n), "run_at": slot, "on_failure": "record" }),
                json!({ "job_id": name('U', n), "dependencies": [name('F', n)] }),
                json!({ "job_id": name('K', n), "dependencies": [name('S', n)], "trigger_rule": "all_failed" }),
            ]
        })
        .collect()
}

/// A job for each rule and each combination of ends.
fn dependents(set: &str, slot: &str) -> Vec<Value> {
    let dependencies = |ends: &str| -> Vec<String> {
        ends.chars().enumerate().map(|(place, end)| format!("{set}.{end}{}", place + 1)).collect()
    };
    let job = |(rule, _): (&str, &str), ends: &str| {
        json!({
            "job_id": format!("{set}.{rule}.{ends}"), "run_at": slot, "trigger_rule": rule,
            "dependencies": dependencies(ends), "starting_deadline": "30s",
        })
    };
    TABLE.iter().flat_map(|rule| ENDS.split(' ').map(move |ends| job(*rule, ends))).collect()
}

fn as_named(row: &Execution) -> Completion {
    let fails = row.dependencies.is_empty() && row.job_id().as_str().contains(".F");
    if fails { bad(row) } else { good(row) }
}

async fn expect(world: &World, set: &str, slot: &str, table: impl Fn(&str, &str) -> String) -> Tried {
    for (rule, answers) in TABLE {
        let answers = table(rule, answers);
        for (ends, expected) in ENDS.split(' ').zip(answers.chars()) {
            let row = world.row(&format!("{set}.{rule}.{ends}@{slot}")).await?;
            let status = row.status.as_str();
            let is_expected = match expected {
                'r' => status == "success",
                's' => status == "skipped",
                _ => status == "upstream_failed",
            };
            assert!(is_expected, "{set}: {rule} after {ends} is {status}, not {expected}: {:?}", row.reason);
        }
    }
    Ok(())
}

pub async fn every_rule_keeps_its_deadline(backend: &Backend) -> Tried {
    assert_eq!(TABLE.len(), TriggerRule::ALL.len());
    let world = World::over(backend);
    world.define(upstream("soon", "2026-11-23T00:01:00Z")).await?;
    world.define(dependents("soon", "2026-11-23T00:02:00Z")).await?;
    for _ in 0..2 {
        world.advance(60);
        world.tick().await?;
        // The first round begins the waits of the dependents, which end at once.
        world.work(as_named).await?;
        world.work(as_named).await?;
    }
    expect(&world, "soon", "2026-11-23T00:02:00Z", |_, answers| answers.to_owned()).await?;

    // The same slot, and all of the dependencies take twice as long as the dependents may wait.
    world.define(upstream("late", "2026-11-23T00:03:00Z")).await?;
    world.define(dependents("late", "2026-11-23T00:03:00Z")).await?;
    world.advance(60);
    world.tick().await?;
    let mut running = world.start().await?;
    running.extend(world.start().await?);
    world.advance(60);
    for attempt in running {
        world.end(&attempt, as_named(&attempt.execution)).await?;
    }
    world.work(as_named).await?;
    let too_late = |rule: &str, answers: &str| match rule {
        "always" => answers.to_owned(),
        _ => "s".repeat(answers.len()),
    };
    expect(&world, "late", "2026-11-23T00:03:00Z", too_late).await
}
