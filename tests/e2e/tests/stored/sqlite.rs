//! The database, restored and opened by the present `belfry up`.

use std::{fs, path::Path, time::Duration};

use belfry_e2e::{Server, Up, run, until, workspace};
use chrono::{DateTime, Timelike as _, Utc};
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    expected::{Died, ENDED, ENDS, JOBS, OPEN_LETTERS},
    moved::{days_until_now, moved},
};

const SOON: Duration = Duration::from_secs(120);
const OUTSIDER: &str = "outsider-2";

struct Stored {
    facts: Value,
    days: i64,
}

impl Stored {
    fn restore(data: &Path) -> Self {
        let read = |name| fs::read_to_string(workspace().join("tests/e2e/tests/stored").join(name)).unwrap();
        let facts: Value = serde_json::from_str(&read("sqlite.json")).unwrap();
        let written_at_ms = facts["written_at"].as_i64().unwrap();
        let days = days_until_now(written_at_ms);
        fs::create_dir(data).unwrap();
        let database = Connection::open(data.join("belfry.sqlite")).unwrap();
        database.execute_batch(&moved(&read("sqlite.sql"), written_at_ms, days)).unwrap();
        Self { facts, days }
    }

    fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap()
    }

    /// An id as it is now.
    fn id(&self, id: &str) -> String {
        moved(id, self.facts["written_at"].as_i64().unwrap(), self.days)
    }
}

fn count(data: &Path, sql: &str) -> i64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(data.join("belfry.sqlite"), flags).unwrap();
    database.query_row(sql, (), |row| row.get(0)).unwrap()
}

async fn until_it_is(server: &Server, id: &str, status: &str) -> Value {
    until(&format!("{id} is {status}"), SOON, async || {
        let row = server.api.try_get(&format!("/v1/executions/{id}")).await.unwrap().body;
        (row["status"] == status).then_some(row)
    })
    .await
}

/// Runs the work of a pool that belfry does not serve, as a worker over HTTP.
async fn work_elsewhere(server: &Server, stored: &Stored) {
    // The worker that held it is long gone, and when that has been noticed its word counts no more.
    until("its attempt is lost", SOON, async || {
        let row = server.api.execution("outside@leased").await;
        (row["status"] != "running").then_some(())
    })
    .await;
    let late = json!({ "token": stored.fact("token_of_outside"), "status": "success" });
    let refused = server.api.try_post("/v1/executions/outside@leased:finish", &late).await.unwrap();
    assert_eq!(refused.status, 409, "{}", refused.body);
    for (pool, id) in [("outside", "outside@leased"), ("unserved", "unserved@queued")] {
        let lease = json!({ "worker_id": OUTSIDER, "lease_seconds": 60 });
        let attempt = until(&format!("{pool} has work"), SOON, async || {
            let leased = server.api.post(&format!("/v1/pools/{pool}:lease?wait=1"), &lease).await;
            leased["attempts"].get(0).cloned()
        })
        .await;
        assert_eq!(attempt["execution_id"], id);
        let end = json!({ "token": attempt["token"], "status": "success", "result": { "by": "hand" } });
        server.api.post(&format!("/v1/executions/{id}:finish"), &end).await;
    }
}

pub async fn what_an_older_version_left_in_a_database_is_read_and_ends() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    let stored = Stored::restore(&data);
    let up = Up::on(&data).variable("TMPDIR", place.path()).working_directory(place.path());
    let mut server = up.start_leader().await;
    work_elsewhere(&server, &stored).await;
    everything_ends(&server, &stored, &data).await;
    what_had_ended_stays(&server).await;
    slots_go_on(&server).await;
    everything_is_shown(&server).await;
    assert_eq!(count(&data, "SELECT count(*) FROM quarantine"), 0);
    assert_eq!(count(&data, "SELECT count(*) FROM alerts WHERE key = 'quarantined'"), 0);
    server.stop().await;
    the_token_opens_the_door(&up, &stored, &data).await;
}

async fn everything_ends(server: &Server, stored: &Stored, data: &Path) {
    for (id, status, died) in ENDS {
        let row = until_it_is(server, id, status).await;
        let outcomes: Vec<&str> =
            row["attempts"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
        let lost = outcomes.iter().filter(|outcome| **outcome == "lost").count();
        assert_eq!(lost, usize::from(died == Died::Running), "{row}");
    }
    let slot_like = format!("pushed@{}", stored.id(stored.fact("slot_like")));
    until_it_is(server, &slot_like, "success").await;
    // The first slot ran; those after it found it running, or were missed, of which the latest runs.
    for job in ["upstream", "downstream"] {
        let statuses = until(&format!("{job} has ended"), SOON, async || {
            let statuses = statuses(server, job).await;
            statuses.iter().all(|status| status == "success" || status == "skipped").then_some(statuses)
        })
        .await;
        assert_eq!(statuses.last().unwrap(), "success", "{job}: {statuses:?}");
    }
    let backfill = until("the backfill is over", SOON, async || {
        let backfill = server.api.get(&format!("/v1/backfills/{}", stored.fact("backfill"))).await;
        (backfill["status"] == "finished").then_some(backfill)
    })
    .await;
    assert_eq!((&backfill["progress"]["slots"], &backfill["progress"]["succeeded"]), (&json!(5), &json!(5)));
    // Nothing is left that somebody would have to look after.
    until("no timer is left behind", SOON, async || {
        let past = "SELECT count(*) FROM timers WHERE fire_at < (strftime('%s') - 120) * 1000";
        (count(data, past) == 0).then_some(())
    })
    .await;
}

async fn statuses(server: &Server, job: &str) -> Vec<String> {
    let rows = server.api.all(&format!("/v1/jobs/{job}/executions?")).await;
    rows.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
}

async fn what_had_ended_stays(server: &Server) {
    for (id, status) in ENDED {
        let row = server.api.execution(id).await;
        assert_eq!(row["status"], status, "{row}");
    }
    assert_eq!(server.api.execution("root@flow").await["result"], json!([1, 2, 3]));
    let tail = &server.api.execution("fails@open").await["attempts"][0]["output"]["tail"];
    assert_eq!(tail, "broken\n");
    let letters = server.api.all("/v1/dead-letters").await;
    let letters: Vec<&str> = letters.iter().map(|letter| letter["execution_id"].as_str().unwrap()).collect();
    for letter in OPEN_LETTERS {
        assert!(letters.contains(&letter), "{letter}: {letters:?}");
    }
    assert!(!letters.contains(&"fails@discarded") && !letters.contains(&"fails@redriven"), "{letters:?}");
    let alerts = server.api.get("/v1/alerts").await["items"].as_array().unwrap().clone();
    for key in ["circuit_opened/broken", "dead_letter/broken", "dead_letter/fails", "dead_letter/times_out"] {
        assert!(alerts.iter().any(|alert| alert["key"] == key), "{key}: {alerts:?}");
    }
    server.run(&["dead-letters", "redrive", "fails@open"]).await.ok();
    until_it_is(server, "fails@open~2", "failed").await;
    // The same key finds what it made then.
    let again =
        server.api.request(Method::POST, "/v1/jobs/rated/executions").header("idempotency-key", "first");
    let again = server.api.send(again).await.unwrap();
    assert_eq!((again.status, &again.body["status"]), (200, &json!("success")), "{}", again.body);
}

/// The instant of a job's next slot.
async fn next_slot(server: &Server, job: &str) -> Option<DateTime<Utc>> {
    let job = server.api.get(&format!("/v1/jobs/{job}")).await;
    job["next_slot"].as_str().map(|slot| slot.parse().unwrap())
}

async fn slots_go_on(server: &Server) {
    // Of the slots that were missed, the latest one runs, or none, as the job says.
    until("the latest of the missed slots has run", SOON, async || {
        statuses(server, "hourly").await.contains(&"success".to_owned()).then_some(())
    })
    .await;
    until("the job for one instant has run", SOON, async || {
        (statuses(server, "once_soon").await == ["success"]).then_some(())
    })
    .await;
    for job in ["paused", "once_far", "deadline"] {
        assert_eq!(statuses(server, job).await, Vec::<String>::new(), "{job}");
    }
    for job in ["hourly_skip", "vancouver"] {
        assert!(!statuses(server, job).await.contains(&"failed".to_owned()), "{job}");
    }
    assert_eq!(server.api.get("/v1/jobs/paused").await["status"], "paused");
    assert_eq!(next_slot(server, "once_far").await, Some("2099-12-24T18:00:00Z".parse().unwrap()));
    let now = Utc::now();
    for job in ["hourly", "hourly_skip", "interval", "backfilled", "vancouver", "deadline"] {
        assert!(next_slot(server, job).await.is_some_and(|slot| slot > now), "{job}");
    }
    // Its winter time has ended for good; by the zone data of 8c9e479, it would be 17:00 in winter.
    until("the slot is the present zone data's", SOON, async || {
        (next_slot(server, "vancouver").await?.hour() == 16).then_some(())
    })
    .await;
}

async fn everything_is_shown(server: &Server) {
    let jobs = server.api.all("/v1/jobs").await;
    assert_eq!(jobs.len(), JOBS);
    for job in &jobs {
        let id = job["job_id"].as_str().unwrap();
        server.run(&["jobs", "show", id]).await.ok();
    }
    let rows = server.api.all("/v1/executions").await;
    assert!(rows.len() > ENDS.len() + ENDED.len());
    for row in &rows {
        let id = row["execution_id"].as_str().unwrap();
        assert_eq!(server.api.execution(id).await["execution_id"], *id);
        server.run(&["executions", "show", id]).await.ok();
    }
    for path in ["/v1/graph", "/v1/stats", "/v1/workers", "/v1/backfills", "/v1/openapi.json", "/metrics"] {
        server.api.get(path).await;
    }
    for command in ["executions", "jobs", "dead-letters", "alerts", "backfills", "workers", "graph", "stats"]
    {
        server.run(&[command]).await.ok();
    }
    // What lies in the past by now can't be applied again.
    for done in ["downstream", "upstream", "once_soon"] {
        server.run(&["jobs", "delete", done]).await.ok();
    }
    let exported = server.run(&["export"]).await.ok().out();
    let unchanged =
        server.run_with_input(&["apply", "-f", "-", "--dry-run", "--json"], &exported).await.ok().json();
    let changes = unchanged["jobs"].as_array().unwrap();
    assert_eq!(changes.len(), JOBS - 3);
    assert!(changes.iter().all(|job| job["change"] == "unchanged"), "{unchanged}");
}

async fn the_token_opens_the_door(up: &Up, stored: &Stored, data: &Path) {
    let server = up.clone().args(["--require-token"]).start_leader().await;
    assert_eq!(server.api.try_get("/v1/jobs").await.unwrap().status, 401);
    let request = server.api.request(Method::GET, "/v1/jobs").bearer_auth(stored.fact("token"));
    assert_eq!(server.api.send(request).await.unwrap().status, 200);
    let listed = run(&["token", "list", "--data", data.to_str().unwrap()]).await.ok().out();
    assert!(listed.contains("ci"), "{listed}");
}
