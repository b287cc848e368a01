//! Two `belfry up` on one database.

mod work;

use std::{path::Path, time::Duration};

use belfry_e2e::{Held, Server, Up, until};
use libtest_mimic::Trial;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;
use work::Work;

/// Time within which the standby must lead, far more than it takes after the leader's end.
const TAKEOVER: Duration = Duration::from_secs(30);
/// Time shorter than any part of a lease that a dead leader may have left, and longer than a slow
/// machine needs.
const AT_ONCE: Duration = Duration::from_secs(3);
const DAY_MS: i64 = 86_400_000;
const LOST: &str = "another process has taken over the database";

async fn leader_and_standby(data: &Path) -> (Server, Server) {
    let up = Up::on(data).args(["--lease", "5s"]);
    let leader = up.start_leader().await;
    let standby = up.start().await;
    assert_eq!(standby.api.role().await.as_deref(), Some("standby"));
    (leader, standby)
}

fn database(data: &Path) -> Connection {
    let database = Connection::open(data.join("belfry.sqlite")).unwrap();
    // Whoever holds it may be frozen, and its lease runs out meanwhile.
    database.busy_timeout(Duration::ZERO).unwrap();
    database
}

/// Owner of the leadership lease, and its end in milliseconds since 1970.
async fn lease(data: &Path) -> (String, i64) {
    let database = database(data);
    let read =
        || database.query_row("SELECT owner, until FROM leases", (), |row| Ok((row.get(0)?, row.get(1)?)));
    until("the lease can be read", TAKEOVER, async || read().ok()).await
}

/// Sets the end of the lease, as if the leader's wall clock had stood elsewhere at the renewal.
async fn set_lease_end(data: &Path, until_ms: i64) {
    let database = database(data);
    let write = || database.execute("UPDATE leases SET until = ?1", [until_ms]).ok();
    until("the lease can be changed", TAKEOVER, async || write()).await;
}

/// Ends the leader in good order: it gives its lease back, so that the standby need not wait for the
/// lease to run out. `let_go` is called when the leader knows that it is to end.
async fn stop_leader(leader: &mut Server, data: &Path, let_go: impl FnOnce()) {
    let (owner, _) = lease(data).await;
    leader.terminate();
    until("it is told", TAKEOVER, async || leader.log().contains("stopping: ").then_some(())).await;
    let_go();
    let status = leader.until_it_ends().await;
    assert!(status.success(), "{status}: {}", leader.log());
    let (next, until) = lease(data).await;
    assert!(next != owner || until == 0, "{owner} keeps its lease until {until}");
}

async fn until_it_leads(server: &Server, within: Duration) -> Duration {
    let began = Instant::now();
    server.until_it_leads(within).await;
    began.elapsed()
}

async fn a_standby_answers_reads_and_refuses_writes() {
    let data = TempDir::new().unwrap();
    let (leader, standby) = leader_and_standby(data.path()).await;
    leader.api.try_put("/v1/jobs/hello", &json!({ "command": "true" })).await.unwrap().ok();
    assert_eq!(standby.api.get("/v1/jobs/hello").await["job_id"], "hello");
    assert_eq!(standby.api.get("/v1/executions").await["items"], json!([]));
    for path in ["/v1/executions", "/v1/jobs/hello/executions", "/v1/jobs/hello:pause"] {
        let answer = standby.api.try_post(path, &json!({ "target": { "type": "empty" } })).await.unwrap();
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        let seconds: u64 = answer.header("retry-after").expect("when to try again").parse().unwrap();
        assert!((1..=10).contains(&seconds), "{seconds}");
        assert_eq!(answer.body["type"], "urn:belfry:problem:standby");
    }
    let refused = standby.run(&["push", "--empty"]).await.with_code(1);
    assert!(refused.err().contains("standby"), "{}", refused.err());
    assert_eq!(leader.api.get("/v1/jobs/hello").await["status"], "active");
    assert_eq!(leader.api.get("/v1/executions").await["items"], json!([]));
}

async fn after_kill_9_the_standby_finishes_what_was_accepted() {
    let data = TempDir::new().unwrap();
    let (mut leader, standby) = leader_and_standby(data.path()).await;
    let work = Work::push(&leader.api, data.path()).await;
    work.until_some_runs(&leader.api).await;
    leader.kill().await;
    work.commands.let_go();
    let took = until_it_leads(&standby, TAKEOVER).await;
    let lost = work.until_all_succeeded(&standby.api).await;
    assert!(lost > 0, "something ran when the leader died");
    standby.run(&["push", "--empty", "--wait"]).await.ok();
    println!(
        "kill -9: the standby led after {took:.1?}; {} executions ended, {lost} attempts were lost",
        work.len()
    );
}

async fn on_sigterm_the_leader_ends_its_work_and_hands_over() {
    let data = TempDir::new().unwrap();
    let (mut leader, standby) = leader_and_standby(data.path()).await;
    let work = Work::push(&leader.api, data.path()).await;
    work.until_some_runs(&leader.api).await;
    stop_leader(&mut leader, data.path(), || work.commands.let_go()).await;
    let took = until_it_leads(&standby, TAKEOVER).await;
    let lost = work.until_all_succeeded(&standby.api).await;
    assert_eq!(lost, 0, "what ran was let finish");
    println!("SIGTERM: the standby led {took:.1?} after the leader's end; {} executions ended", work.len());
}

/// Freezes the leader between two transactions. A process that is frozen in the middle of one keeps
/// SQLite's lock until it goes on or dies, and no leader can be chosen then.
async fn freeze_between_writes(leader: &Server, data: &Path) {
    let database = database(data);
    until("frozen outside of a transaction", TAKEOVER, async || {
        leader.freeze();
        let is_free = database.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok();
        if !is_free {
            leader.thaw();
        }
        is_free.then_some(())
    })
    .await;
}

/// The fence: a leader that slept while another process took over finds its writes refused.
async fn a_leader_that_was_stopped_for_too_long_cannot_write_and_ends() {
    let data = TempDir::new().unwrap();
    let (mut leader, standby) = leader_and_standby(data.path()).await;
    let work = Work::push(&leader.api, data.path()).await;
    work.until_some_runs(&leader.api).await;
    freeze_between_writes(&leader, data.path()).await;
    let began = Instant::now();
    // The kernel takes these for it; it finds them when it wakes, before it knows that it lost.
    let writes = (0..20).map(|number| {
        let api = leader.api.clone();
        let body = json!({ "name": "late", "target": { "type": "empty" }, "delay": number });
        tokio::spawn(async move { api.try_post("/v1/executions", &body).await })
    });
    let writes: Vec<_> = writes.collect();
    standby.until_it_leads(TAKEOVER).await;
    let took = began.elapsed();
    leader.thaw();
    for write in writes {
        // A connection that breaks off is a refusal too.
        if let Ok(answer) = write.await.unwrap() {
            assert_eq!(answer.status, 503, "{}", answer.body);
        }
    }
    let status = leader.until_it_ends().await;
    assert_eq!(status.code(), Some(1), "{}", leader.log());
    assert!(leader.log().contains(LOST), "{}", leader.log());
    let late = standby.api.get("/v1/executions?job_id=late").await;
    assert_eq!(late["items"], json!([]), "written by one who no longer led");
    work.commands.let_go();
    work.until_all_succeeded(&standby.api).await;
    println!("SIGSTOP: the standby led after {took:.1?}; the leader ended with {status} when it woke");
}

async fn leadership_goes_on_from_process_to_process() {
    let data = TempDir::new().unwrap();
    let (mut first, second) = leader_and_standby(data.path()).await;
    let third = Up::on(data.path()).start().await;
    first.api.try_put("/v1/jobs/tick", &json!({ "schedule": "@every 1s" })).await.unwrap().ok();
    stop_leader(&mut first, data.path(), || ()).await;
    let second_leads = until("one of the two leads", TAKEOVER, async || {
        let roles = (second.api.role().await?, third.api.role().await?);
        (roles.0 != roles.1).then_some(roles.0 == "leader")
    })
    .await;
    let (mut leader, last) = if second_leads { (second, third) } else { (third, second) };
    stop_leader(&mut leader, data.path(), || ()).await;
    last.until_it_leads(TAKEOVER).await;
    let newest = async || last.api.get("/v1/jobs/tick/executions?limit=1").await["items"][0].clone();
    let before = newest().await;
    until("the job goes on", TAKEOVER, async || {
        let row = newest().await;
        let is_later = row["due_at"].as_str() > before["due_at"].as_str();
        (is_later && row["status"] == "success").then_some(())
    })
    .await;
}

/// A restart need not wait: the operating system knows at once that a process is dead, whatever its
/// lease says.
async fn after_kill_9_a_restart_leads_at_once() {
    let data = TempDir::new().unwrap();
    Up::on(data.path()).start_leader().await.kill().await;
    let took = until_it_leads(&Up::on(data.path()).start().await, TAKEOVER).await;
    assert!(took < AT_ONCE, "{took:.1?}");
}

async fn a_clock_that_was_ahead_keeps_nobody_on_standby() {
    let data = TempDir::new().unwrap();
    let tomorrow = || chrono::Utc::now().timestamp_millis() + DAY_MS;
    Up::on(data.path()).start_leader().await.kill().await;
    set_lease_end(data.path(), tomorrow()).await;
    let mut restarted = Up::on(data.path()).start().await;
    let took = until_it_leads(&restarted, TAKEOVER).await;
    assert!(took < AT_ONCE, "{took:.1?}");
    restarted.kill().await;
    set_lease_end(data.path(), tomorrow()).await;
    // Versions without a lock, and file systems without any, leave nothing else to go by than silence.
    std::fs::remove_file(data.path().join("belfry.lock")).unwrap();
    Up::on(data.path()).start().await.until_it_leads(TAKEOVER).await;
}

async fn a_clock_that_steps_forward_takes_nothing_from_a_live_leader() {
    let data = TempDir::new().unwrap();
    let (leader, standby) = leader_and_standby(data.path()).await;
    let (owner, _) = lease(data.path()).await;
    set_lease_end(data.path(), 1).await;
    let renewed_by = until("the lease is renewed", TAKEOVER, async || {
        let (owner, until) = lease(data.path()).await;
        (until > 1).then_some(owner)
    })
    .await;
    assert_eq!(renewed_by, owner, "{}", standby.log());
    assert_eq!(leader.api.role().await.as_deref(), Some("leader"));
}

/// A laptop that sleeps, a host that is paused: what it runs goes on when it wakes, and counts.
async fn what_a_frozen_process_runs_is_its_own_when_it_wakes() {
    let data = TempDir::new().unwrap();
    let up = Up::on(data.path()).args(["--lease", "5s"]);
    let server = up.start_leader().await;
    let elsewhere = TempDir::new().unwrap();
    let (held, short) = (Held::within(data.path()), Held::within(elsewhere.path()));
    let once = |command: String| json!({ "command": command, "retry": { "max_retries": 0, "max_lost": 0 } });
    for (job, commands) in [("long", &held), ("short", &short)] {
        server.api.try_put(&format!("/v1/jobs/{job}"), &once(commands.command())).await.unwrap().ok();
        server.api.post(&format!("/v1/jobs/{job}/executions"), &json!({})).await;
    }
    until("both run", TAKEOVER, async || {
        let running = server.api.get("/v1/executions?status=running").await;
        (running["items"].as_array()?.len() == 2).then_some(())
    })
    .await;
    freeze_between_writes(&server, data.path()).await;
    // It ends while its belfry can't look.
    short.let_go();
    // Its lease, and the time after which it would be taken up.
    tokio::time::sleep(Duration::from_secs(12)).await;
    server.thaw();
    held.let_go();
    let rows = until("both have ended", TAKEOVER, async || {
        let rows = server.api.all("/v1/executions").await;
        rows.iter().all(|row| !row["end_time"].is_null()).then_some(rows)
    })
    .await;
    for row in rows {
        assert_eq!((&row["status"], &row["attempt"]), (&json!("success"), &json!(1)), "{row}");
    }
}

pub fn cases() -> Vec<Trial> {
    cases![
        a_standby_answers_reads_and_refuses_writes,
        after_kill_9_the_standby_finishes_what_was_accepted,
        on_sigterm_the_leader_ends_its_work_and_hands_over,
        a_leader_that_was_stopped_for_too_long_cannot_write_and_ends,
        leadership_goes_on_from_process_to_process,
        after_kill_9_a_restart_leads_at_once,
        a_clock_that_was_ahead_keeps_nobody_on_standby,
        a_clock_that_steps_forward_takes_nothing_from_a_live_leader,
        what_a_frozen_process_runs_is_its_own_when_it_wakes,
    ]
}
