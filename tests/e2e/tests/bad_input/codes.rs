//! Exit codes: 1 for a refusal, 2 for wrong usage, 3 where no server answers; and how `up` starts and
//! ends.

use std::{fs, net::TcpListener, time::Duration};

use belfry_e2e::{Up, run, run_with_input, until};
use serde_json::Value;
use tempfile::TempDir;

use super::Bench;

pub async fn what_the_server_refuses_is_1() {
    let bench = Bench::start().await;
    bench.refuses(&["trigger", "nobody"], &["404", "nobody"]).await;
    bench.refuses(&["executions", "show", "kept@never"], &["404", "kept@never"]).await;
    bench.refuses(&["jobs", "delete", "nobody"], &["404", "nobody"]).await;
    bench.refuses(&["pause", "nobody"], &["404", "nobody"]).await;
    bench.refuses(&["push", "--empty", "--key", "with space"], &["400", "Idempotency-Key"]).await;
    bench.refuses(&["push", "--http", "ftp://example.org/"], &["422", "target.url"]).await;
    let json = bench.refuses(&["--json", "trigger", "nobody"], &[]).await;
    let problem: Value = serde_json::from_str(&json.err()).unwrap();
    assert_eq!(
        (problem["status"].as_u64(), problem["type"].as_str()),
        (Some(404), Some("urn:belfry:problem:not-found"))
    );
}

pub async fn wrong_usage_is_2_and_nobody_there_is_3() {
    for args in [
        &["aply"][..],
        &["apply"],
        &["push"],
        &["push", "--empty", "--command", "true"],
        &["trigger", "a", "--input", "{"],
        &["up", "--listen", "nowhere"],
        &["up", "--lease", "soon"],
        &["executions", "--since", "yesterday"],
        &["schedule", "next", "0 0 31 13 *"],
        &["jobs", "--url", "localhost"],
    ] {
        let refused = run(args).await.with_code(2);
        assert!(!refused.err().is_empty() && refused.out().is_empty(), "{args:?}");
    }
    // A port that nobody listens on: it has just been given back.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    for args in [&["jobs"][..], &["apply", "-f", "-"], &["cancel", "a@b"], &["dead-letters"]] {
        let alone = run_with_input(&[&["--url", &url], args].concat(), "job_id: a\n").await.with_code(3);
        assert!(alone.err().contains(&url) && alone.err().contains("belfry up"), "{}", alone.err());
    }
}

pub async fn up_says_why_it_cannot_start() {
    let bench = Bench::start().await;
    let address = bench.server.url().strip_prefix("http://").unwrap();
    let (data, file) = (bench.path().join("second"), bench.path().join("file"));
    fs::write(&file, "no directory").unwrap();
    let taken = run(&["up", "--listen", address, "--data", data.to_str().unwrap()]).await.with_code(1);
    assert!(taken.err().contains(address) && taken.err().contains("--listen"), "{}", taken.err());
    let file = file.to_str().unwrap();
    let nowhere = run(&["up", "--listen", "127.0.0.1:0", "--data", file]).await.with_code(1);
    assert!(nowhere.err().contains(file), "{}", nowhere.err());
    let data = bench.path().join("third");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("belfry.sqlite"), "this is no database, however long it may be".repeat(100)).unwrap();
    let strange =
        run(&["up", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]).await.with_code(1);
    assert!(strange.err().contains("belfry.sqlite"), "{}", strange.err());
}

/// The reader of the log ends at once, as in `belfry up 2>&1 | head -1`.
pub async fn up_goes_on_and_stops_as_told_where_nobody_reads_its_log() {
    let data = TempDir::new().unwrap();
    let mut server = Up::on(data.path()).unread().start_leader().await;
    server.run_with_input(&["apply", "-f", "-"], "{job_id: often, schedule: '@every 1s'}").await.ok();
    until("a job runs", Duration::from_secs(10), async || {
        let rows = server.api.get("/v1/executions?status=success").await;
        rows["items"].as_array()?.first().map(drop)
    })
    .await;
    assert!(server.stop().await.success());
}
