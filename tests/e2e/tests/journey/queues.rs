//! `examples/priorities.yaml`, `examples/pools.yaml` and `examples/backpressure`: what goes first,
//! where it runs, and what has to wait outside.

use std::{
    fs::{self, File},
    process::Stdio,
};

use belfry_e2e::{Held, until};
use tokio::process::Command;

use super::{SOON, Tour, text};

/// Jobs of these executions, in the order in which they were started.
async fn order(tour: &Tour, executions: &[String]) -> Vec<String> {
    let mut rows = Vec::new();
    for id in executions {
        rows.push(tour.until_it_is(id, "success").await);
    }
    rows.sort_by_key(|row| text(row, "start_time").to_owned());
    rows.iter().map(|row| text(row, "job_id").to_owned()).collect()
}

/// Changes the example so that each newspaper is printed until it is let go.
async fn newspapers_are_held(press: &Tour) -> Held {
    let held = Held::within(press.examples.path());
    let command = format!("command: {}", held.command());
    press.examples.replace("priorities.yaml", "high, command: sleep 1", &format!("high, {command}"));
    press.server.run(&["apply", "-f", &press.examples.file("priorities.yaml")]).await.ok();
    held
}

/// Starts a newspaper, which leaves the press no room for anything else; returns its execution's id.
async fn occupied(press: &Tour) -> String {
    let id = press.trigger(&["newspaper"]).await;
    press.until_it_is(&id, "running").await;
    id
}

pub async fn what_is_urgent_is_printed_first() {
    let press = Tour::begin_at("priorities.yaml", &["--pool", "press=1"]).await;
    let held = newspapers_are_held(&press).await;
    let mut printed = vec![occupied(&press).await];
    for job in ["brochure", "flyer", "extra"] {
        printed.push(press.trigger(&[job]).await);
    }
    held.let_go();
    assert_eq!(order(&press, &printed).await, ["newspaper", "extra", "flyer", "brochure"]);

    held.hold();
    let mut printed = vec![occupied(&press).await];
    for job in ["flyer", "brochure"] {
        printed.push(press.trigger(&[job]).await);
    }
    press.examples.replace("priorities.yaml", "priority: low", "priority: critical");
    press.server.run(&["apply", "-f", &press.examples.file("priorities.yaml")]).await.ok();
    held.let_go();
    assert_eq!(order(&press, &printed).await, ["newspaper", "brochure", "flyer"], "also what waited already");
}

pub async fn a_pool_serves_its_own_and_helps_the_one_that_it_names() {
    let pools = Tour::begin_at("pools.yaml", &["--pool", "gpu=1", "--steal-from", "render"]).await;
    for job in ["train", "frame"] {
        let id = pools.trigger(&[job]).await;
        let row = pools.until_it_is(&id, "success").await;
        assert!(text(&row["attempts"][0]["output"], "tail").ends_with(&format!("by {id}\n")), "{row}");
    }
    let workers = pools.server.run(&["workers", "--json"]).await.ok().json();
    let pools = &workers[0]["pools"];
    assert!(pools["gpu"]["capacity"] == 1 && pools["render"].is_null(), "{workers}");
}

pub async fn who_pushes_too_much_is_told_when_to_come_again() {
    let press =
        Tour::begin_at("priorities.yaml", &["--pool", "press=1", "--backlog-limit", "press/low=2"]).await;
    let held = newspapers_are_held(&press).await;
    occupied(&press).await;
    let asides = press.examples.path().join("asides");
    let mut pushing = Command::new(press.examples.path().join("backpressure/push.sh"));
    pushing.arg("5").env("BELFRY_URL", press.server.url()).kill_on_drop(true);
    let pushing = pushing.stdout(Stdio::piped()).stderr(File::create(&asides).unwrap()).spawn().unwrap();
    let asides = || fs::read_to_string(&asides).unwrap();
    until("it has to wait", SOON, async || asides().contains("Will retry in").then_some(())).await;
    held.let_go();
    let pushed = pushing.wait_with_output().await.unwrap();
    let (told, asides) = (String::from_utf8(pushed.stdout).unwrap(), asides());
    let accepted: Vec<String> = (1..=5).map(|order| format!("order {order} is accepted")).collect();
    assert_eq!(told.lines().collect::<Vec<_>>(), accepted, "{asides}");
    assert!(pushed.status.success(), "{asides}");
    let orders = press.server.run(&["executions", "--job", "order", "--json"]).await.ok().json();
    assert_eq!(orders.as_array().map(Vec::len), Some(5), "each once: {orders}");
}
