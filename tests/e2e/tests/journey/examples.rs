//! Examples: every file of `examples/` does what its first lines say.

use std::fs;

use belfry_e2e::{Examples, Up, until};
use serde_json::json;
use tempfile::TempDir;

use super::{SOON, Tour, ids, only_run, text};

const CHAIN: [&str; 5] = ["ingest", "products", "quality", "report", "revenue"];
const RERUN: [&str; 4] = ["collect", "prices", "summary", "weather"];
/// Report on the example's orders, worked out apart from the example.
const REPORT: &str = "orders,revenue,rejected\n4995,579075.00,5\n";

pub async fn up_applies_all_of_them_and_jobs_are_seen_to_run() {
    let tour = Tour::begin().await;
    // Whoever adds one adds what it shows to these tests.
    let files = [
        "backfill.yaml",
        "circuit.yaml",
        "elements.yaml",
        "flaky.yaml",
        "heartbeat.yaml",
        "history.yaml",
        "limits.yaml",
        "long-work.yaml",
        "misfire.yaml",
        "nightly-chain.yaml",
        "pools.yaml",
        "priorities.yaml",
        "rerun.yaml",
        "results.yaml",
        "webhook.yaml",
    ];
    assert_eq!(tour.examples.job_files(), files);
    let jobs = tour.list(&["jobs"]).await;
    let limited = ["invoice", "preview", "reindex", "sync", "thumbnails"];
    let of_pools = ["brochure", "extra", "flyer", "frame", "newspaper", "train"];
    let missed = ["bill_hour", "good_morning", "sync_stock"];
    let elements = ["list_zones", "show_times", "tell_time"];
    let others = [
        "announce",
        "chatty",
        "flaky",
        "heartbeat",
        "hourly_check",
        "hourly_count",
        "long_work",
        "measure",
        "webhook",
    ];
    let mut expected = [&CHAIN[..], &limited, &of_pools, &missed, &elements, &others, &RERUN].concat();
    expected.sort_unstable();
    assert_eq!(ids(&jobs, "job_id"), expected);
    let tree = tour.server.run(&["graph"]).await.ok().out();
    assert!(tree.contains("ingest") && tree.contains("report"), "{tree}");
    // One of them: the machine that tests may have been busy with something else at the others' times.
    let beat = until("a heartbeat is on time", SOON, async || {
        let beats = tour.list(&["executions", "--job", "heartbeat", "--status", "success"]).await;
        beats.into_iter().find(|beat| beat["lateness_ms"].as_u64().unwrap() < 1000)
    })
    .await;
    let said = tour.server.run(&["logs", text(&beat, "execution_id")]).await.ok().out();
    assert!(said.contains("load "), "{said}");
}

pub async fn triggering_the_first_of_the_nightly_chain_makes_its_report() {
    let tour = Tour::begin().await;
    let first = tour.server.run(&["trigger", "ingest", "--json"]).await.ok().json();
    let run_id = text(&first, "run_id");
    let rows = until("the chain succeeds", SOON, async || {
        let rows = tour.list(&["executions", "--run", run_id]).await;
        (rows.len() == CHAIN.len() && rows.iter().all(|row| row["status"] == "success")).then_some(rows)
    })
    .await;
    assert_eq!(ids(&rows, "job_id"), CHAIN);
    let row = |job: &str| rows.iter().find(|row| row["job_id"] == job).unwrap();
    for (job, after) in
        [("revenue", "ingest"), ("products", "ingest"), ("quality", "ingest"), ("report", "revenue")]
    {
        assert!(text(row(job), "start_time") >= text(row(after), "end_time"), "{job} after {after}");
    }
    assert_eq!(row("report")["result"], json!({ "orders": 4995, "revenue": 579_075.0, "rejected": 5 }));
    let out = only_run(tour.examples.path());
    assert_eq!(fs::read_to_string(out.join("report.csv")).unwrap(), REPORT);
    assert_eq!(fs::read_to_string(out.join("orders.csv")).unwrap().lines().count(), 5001);
    let page = fs::read_to_string(out.join("report.md")).unwrap();
    let shown = tour.server.run(&["logs", text(row("report"), "execution_id")]).await.ok().out();
    assert!(page.lines().all(|line| shown.contains(line)), "{shown}");
}

pub async fn the_flaky_job_is_tried_again_and_recovers() {
    let tour = Tour::begin_at("flaky.yaml", &[]).await;
    let id = tour.server.run(&["trigger", "flaky"]).await.ok().out().trim().to_owned();
    let followed = tour.server.run(&["logs", "-f", &id]).await.ok().out();
    for words in ["attempt 1", "attempt 2", "attempt 3", "the service is not there yet", "there it is"] {
        assert!(followed.contains(words), "{followed}");
    }
    let row = tour.server.run(&["executions", "show", &id, "--json"]).await.ok().json();
    let outcomes: Vec<_> =
        row["attempts"].as_array().unwrap().iter().map(|one| text(one, "outcome")).collect();
    assert_eq!(outcomes, ["failed", "failed", "succeeded"]);
    assert!(tour.list(&["dead-letters"]).await.is_empty());
    // 500 ms after the first failure, 1 s after the second.
    assert!(row["duration_ms"].as_u64().unwrap() >= 1500, "{row}");
}

pub async fn a_result_reaches_the_next_jobs_input() {
    let tour = Tour::begin().await;
    tour.server.run(&["trigger", "measure", "--wait"]).await.ok();
    let row = tour.until_one_is("announce", "success").await;
    let said = tour.server.run(&["logs", text(&row, "execution_id")]).await.ok().out();
    assert!(said.contains(r#"input: {"names":["a","b","c"],"rows":3,"text":"counted"}"#), "{said}");
}

pub async fn a_list_fans_out_and_joins_again() {
    let tour = Tour::begin().await;
    tour.server.run(&["trigger", "list_zones", "--wait"]).await.ok();
    tour.until_one_is("show_times", "success").await;
    let rows = tour.list(&["executions", "--job", "tell_time", "--status", "success"]).await;
    let whole = rows.iter().find(|row| !text(row, "execution_id").contains(',')).expect("it has ended");
    let elements = tour.list(&["executions", "--element-of", text(whole, "execution_id")]).await;
    let results: Vec<_> = elements.iter().map(|row| row["result"].clone()).collect();
    assert_eq!((results.len(), &whole["result"]), (3, &json!(results)));
}

pub async fn the_webhook_calls_out_over_http() {
    let data = TempDir::new().unwrap();
    let called = Up::on(data.path()).start_leader().await;
    let examples = Examples::copy();
    examples.replace("webhook.yaml", "http://127.0.0.1:7433", called.url());
    let tour = Tour::begin_with(examples).await;
    let row = tour.server.run(&["trigger", "webhook", "--wait", "--json"]).await.ok().json();
    assert_eq!(row["status"], "success", "{row}");
    let answer = row["attempts"][0]["output"]["tail"].as_str().unwrap();
    assert!(answer.contains("\"role\":\"leader\""), "{answer}");
}
