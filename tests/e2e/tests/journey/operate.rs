//! Manual operations on executions and jobs.

use std::fs;

use belfry_e2e::until;
use rustix::process::{Pid, test_kill_process};

use super::{SOON, Tour, ids, text};

const FAILS_UNTIL_READY: &str = "\
- job_id: picky
  command: test -f READY || { echo 'nothing is ready' >&2; exit 3; }
  max_retries: 0
- {job_id: after, command: 'true', dependencies: [picky]}
";
const RECURRING: &str = "\
- {job_id: tick, schedule: '@every 1s'}
- {job_id: tock, schedule: '@every 1s'}
";

/// Dead letters are looked at, redriven when the cause is gone, and discarded.
pub async fn what_failed_for_good_is_found_redriven_and_discarded() {
    // Of all the examples, some fail for good by themselves.
    let tour = Tour::begin_at("flaky.yaml", &[]).await;
    let ready = tour.examples.path().join("ready");
    tour.apply(&FAILS_UNTIL_READY.replace("READY", ready.to_str().unwrap())).await;
    for key in ["one", "two", "three"] {
        let failed = tour.server.run(&["trigger", "picky", "--key", key, "--wait"]).await.with_code(1);
        assert!(failed.out().contains("nothing is ready"), "{}", failed.out());
    }
    // They come after the end of the execution, not with it.
    let letters = until("three dead letters", SOON, async || {
        Some(tour.list(&["dead-letters"]).await).filter(|letters| letters.len() == 3)
    })
    .await;
    assert_eq!(ids(&letters, "execution_id"), ["picky@one", "picky@three", "picky@two"]);
    assert!(letters.iter().all(|letter| text(letter, "reason").contains("exit code 3")), "{letters:?}");
    let downstream = tour.until_one_is("after", "upstream_failed").await;
    assert!(text(&downstream, "reason").contains("picky"), "{downstream}");
    fs::write(&ready, "").unwrap();
    tour.server.run(&["dead-letters", "discard", "picky@two"]).await.ok();
    tour.server.run(&["dead-letters", "redrive", "--job", "picky"]).await.ok();
    until("the redriven ones succeed", SOON, async || {
        let rows = tour.list(&["executions", "--job", "picky", "--status", "success"]).await;
        (ids(&rows, "execution_id") == ["picky@one~2", "picky@three~2"]).then_some(())
    })
    .await;
    // What depends on them follows.
    tour.until_one_is("after", "success").await;
    assert!(tour.list(&["dead-letters"]).await.is_empty());
    let stats = tour.server.run(&["stats", "--json"]).await.ok().json();
    assert_eq!(stats["dead_letters"], 0);
    tour.server.run(&["retry", "picky@two", "--wait"]).await.ok();
}

pub async fn a_paused_job_has_no_slots_until_it_is_resumed() {
    let tour = Tour::begin().await;
    tour.apply(RECURRING).await;
    tour.until_one_is("tick", "success").await;
    tour.server.run(&["pause", "tick"]).await.ok();
    let paused = tour.server.run(&["jobs", "show", "tick", "--json"]).await.ok().json();
    let paused_at = text(&paused, "paused_at").to_owned();
    assert_eq!(paused["status"], "paused");
    let slots_after = async |job: &str, instant: &str| {
        let rows = tour.list(&["executions", "--job", job, "--since", instant]).await;
        rows.iter().filter(|row| text(row, "due_at") > instant && row["status"] == "success").count()
    };
    // The other one shows that time goes by.
    until("the other job goes on", SOON, async || (slots_after("tock", &paused_at).await >= 3).then_some(()))
        .await;
    assert_eq!(slots_after("tick", &paused_at).await, 0);
    tour.server.run(&["resume", "tick"]).await.ok();
    let resumed = tour.server.run(&["jobs", "show", "tick", "--json"]).await.ok().json();
    let resumed_at = text(&resumed, "updated_at").to_owned();
    until("it goes on", SOON, async || (slots_after("tick", &resumed_at).await >= 2).then_some(())).await;
}

/// The process ends, with all processes that it has started.
pub async fn cancelling_a_running_command_ends_its_processes() {
    let tour = Tour::begin().await;
    let pids = tour.examples.path().join("pids");
    let command = format!("sleep 600 & echo $! $$ > '{0}.part'; mv '{0}.part' '{0}'; wait", pids.display());
    let id = tour.server.run(&["push", "--key", "long", "--command", &command]).await.ok().out();
    let id = id.trim();
    let told = until("it runs", SOON, async || fs::read_to_string(&pids).ok()).await;
    let pids: Vec<Pid> =
        told.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()).collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| test_kill_process(*pid).is_ok()));
    let said = tour.server.run(&["cancel", id, "--reason", "no longer needed"]).await.ok().out();
    assert!(said.contains("asked to stop"), "{said}");
    until("the processes end", SOON, async || {
        pids.iter().all(|pid| test_kill_process(*pid).is_err()).then_some(())
    })
    .await;
    let row = until("it is cancelled", SOON, async || {
        let row = tour.server.api.execution(id).await;
        (row["status"] == "cancelled").then_some(row)
    })
    .await;
    assert_eq!(row["reason"], "no longer needed");
    assert!(tour.server.run(&["cancel", id]).await.with_code(1).err().contains("409"));
}
