//! `examples/priorities.yaml`, `examples/pools.yaml` and `examples/backpressure`: who goes first, where, and
//! who has to wait outside.

use tokio::process::Command;

use crate::{Tour, text};

/// The jobs of these in the order in which they were started.
async fn order(tour: &Tour, executions: &[String]) -> Vec<String> {
    let mut rows = Vec::new();
    for id in executions {
        rows.push(tour.until_it_is(id, "success").await);
    }
    rows.sort_by_key(|row| text(row, "start_time").to_owned());
    rows.iter().map(|row| text(row, "job_id").to_owned()).collect()
}

#[tokio::test]
async fn what_is_urgent_is_printed_first() {
    let press = Tour::begin_at("priorities.yaml", &["--pool", "press=1"]).await;
    let mut printed = vec![press.trigger(&["newspaper"]).await];
    press.until_it_is(&printed[0], "running").await;
    for job in ["brochure", "flyer", "extra"] {
        printed.push(press.trigger(&[job]).await);
    }
    assert_eq!(order(&press, &printed).await, ["newspaper", "extra", "flyer", "brochure"]);

    let mut printed = vec![press.trigger(&["newspaper"]).await];
    press.until_it_is(&printed[0], "running").await;
    for job in ["flyer", "brochure"] {
        printed.push(press.trigger(&[job]).await);
    }
    press.examples.replace("priorities.yaml", "priority: low", "priority: critical");
    press.server.run(&["apply", "-f", &press.examples.file("priorities.yaml")]).await.ok();
    assert_eq!(order(&press, &printed).await, ["newspaper", "brochure", "flyer"], "also what waited already");
}

#[tokio::test]
async fn a_pool_serves_its_own_and_helps_the_one_that_it_names() {
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

#[tokio::test]
async fn who_pushes_too_much_is_told_when_to_come_again() {
    let press =
        Tour::begin_at("priorities.yaml", &["--pool", "press=1", "--backlog-limit", "press/low=2"]).await;
    let script = press.examples.path().join("backpressure/push.sh");
    let mut pushing = Command::new(script);
    let pushed =
        pushing.arg("5").env("BELFRY_URL", press.server.url()).kill_on_drop(true).output().await.unwrap();
    let [told, asides] = [pushed.stdout, pushed.stderr].map(|text| String::from_utf8(text).unwrap());
    let accepted: Vec<String> = (1..=5).map(|order| format!("order {order} is accepted")).collect();
    assert_eq!(told.lines().collect::<Vec<_>>(), accepted, "{asides}");
    assert!(pushed.status.success() && asides.contains("Will retry in"), "it had to wait: {asides}");
    let orders = press.server.run(&["executions", "--job", "order", "--json"]).await.ok().json();
    assert_eq!(orders.as_array().map(Vec::len), Some(5), "each once: {orders}");
}
