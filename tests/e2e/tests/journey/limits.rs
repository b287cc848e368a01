//! Limits: `examples/limits.yaml` and `examples/circuit.yaml` show how much runs at once, and what
//! becomes of the rest.

use belfry_e2e::until;
use serde_json::Value;

use super::{SOON, Tour, text};

/// Highest number of these executions that ran at one moment.
fn most_at_once(rows: &[Value]) -> usize {
    let spans: Vec<(&str, &str)> =
        rows.iter().map(|row| (text(row, "start_time"), text(row, "end_time"))).collect();
    let running = |at: &str| spans.iter().filter(|(start, end)| *start <= at && at < *end).count();
    spans.iter().map(|(start, _)| running(start)).max().unwrap_or(0)
}

pub async fn no_more_run_at_once_than_may() {
    let tour = Tour::begin().await;
    for number in ["1", "2", "3", "4", "5"] {
        tour.trigger(&["thumbnails", "--input", number]).await;
    }
    for number in 0..6 {
        let input = format!(r#"{{"customer_id": "{}"}}"#, ["a", "a", "b"][number % 3]);
        tour.trigger(&["invoice", "--input", &input]).await;
    }
    for (job, count, at_once) in [("thumbnails", 5, 2), ("invoice", 6, 2)] {
        let rows = until(&format!("all {job} have ended"), SOON, async || {
            let rows = tour.list(&["executions", "--job", job, "--status", "success"]).await;
            (rows.len() == count).then_some(rows)
        })
        .await;
        assert!(most_at_once(&rows) <= at_once, "{rows:?}");
    }
}

pub async fn the_newest_takes_the_place_of_the_one_before() {
    let tour = Tour::begin().await;
    let first = tour.trigger(&["preview"]).await;
    tour.until_it_is(&first, "running").await;
    let second = tour.trigger(&["preview"]).await;
    let replaced = tour.until_it_is(&first, "cancelled").await;
    assert_eq!(text(&replaced, "reason"), format!("replaced by {second} (concurrency: replace)"));
    let running = tour.until_it_is(&second, "running").await;
    assert!(text(&running, "start_time") >= text(&replaced, "end_time"), "{replaced} {running}");
    tour.server.run(&["cancel", &second]).await.ok();
}

pub async fn what_keeps_failing_is_left_alone_for_a_while() {
    let tour = Tour::begin().await;
    for _ in 0..3 {
        tour.server.run(&["trigger", "sync", "--wait"]).await.with_code(1);
    }
    let open = until("the circuit opens", SOON, async || {
        let circuit = tour.server.run(&["circuit", "show", "sync", "--json"]).await.ok().json();
        (circuit["state"] == "open").then_some(circuit)
    })
    .await;
    assert_eq!(open["failures"], 3);
    let held = tour.trigger(&["sync"]).await;
    let row = tour.until_it_is(&held, "waiting").await;
    assert!(text(&row, "reason").starts_with("waiting: the circuit breaker is open until "), "{row}");
    let shown = tour.server.run(&["jobs", "show", "sync"]).await.ok().out();
    assert!(shown.contains("0 with a permit, 1 waiting") && shown.contains("open until"), "{shown}");
    tour.server.run(&["circuit", "close", "sync"]).await.ok();
    tour.until_it_is(&held, "failed").await;
}
