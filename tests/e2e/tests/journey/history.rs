//! History that is kept of executions.

use std::{fs, time::Duration};

use belfry_domain::{Execution, Run, Status, TimerKey, Timestamp, Trigger};
use belfry_e2e::{Up, until};
use belfry_engine::ports::{Acquired, ExecutionStore as _, LeaseStore as _};
use belfry_sqlite::Store;
use tempfile::TempDir;

use super::{SOON, Tour, text};

pub async fn all_that_a_command_printed_is_kept() {
    let tour = Tour::begin().await;
    let row = tour.server.run(&["trigger", "chatty", "--wait", "--json"]).await.ok().json();
    let id = text(&row, "execution_id").to_owned();
    let printed = tour.server.run(&["logs", "--full", &id]).await.ok().out();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[9_999]), (10_000, "1", "10000"));
    let shown = tour.server.run(&["executions", "show", &id]).await.ok().out();
    assert!(shown.contains("full output: belfry logs --full") && shown.contains("timeline ("), "{shown}");
    let found = tour.list(&["executions", "--tag", "team=data", "--since", "1h"]).await;
    assert_eq!(found.iter().map(|row| text(row, "execution_id")).collect::<Vec<_>>(), [id]);
    let summary = tour.server.run(&["jobs", "show", "chatty"]).await.ok().out();
    assert!(summary.contains("1 succeeded, 0 failed"), "{summary}");
}

/// Makes a database with an execution that ended this long ago.
async fn database(data: &TempDir, ago: Duration) {
    let store = Store::open(&data.path().join("belfry.sqlite")).unwrap();
    let now = Timestamp::from(chrono::Utc::now());
    let Acquired::Leader(lease) = store.acquire(0, "test", now, now.plus(ago)).await.unwrap() else {
        panic!("a new database has a leader");
    };
    let end = now.minus(ago);
    let run = Run { id: "push@old".to_owned(), root: None, more_roots: vec![], graph: 0 };
    let guard = TimerKey { shard: 0, fire_at: end, what: "start push@old 1".parse().unwrap() };
    let row = Execution::new("push@old".parse().unwrap(), run, Trigger::Push, end, end, guard);
    store.create(Execution { status: Status::Success, end_time: Some(end), ..row }, None).await.unwrap();
    store.release(&lease).await.unwrap();
}

pub async fn what_is_old_goes_to_the_archive() {
    let (data, archive) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    database(&data, Duration::from_secs(8 * 24 * 3600)).await;
    let kept = Up::on(data.path()).args(["--retention", "30d", "--archive"]).args([archive.path()]);
    let mut server = kept.start_leader().await;
    assert_eq!(server.api.execution("push@old").await["status"], "success");
    server.stop().await;
    let mut server = Up::on(data.path()).args(["--archive"]).args([archive.path()]).start_leader().await;
    until("it is removed", SOON, async || {
        let answer = server.api.try_get("/v1/executions/push@old").await.ok()?;
        (answer.status == 404).then_some(())
    })
    .await;
    let day = fs::read_dir(archive.path()).unwrap().next().unwrap().unwrap();
    assert!(day.file_name().to_string_lossy().starts_with("dt=20"), "{day:?}");
    let file = fs::read_dir(day.path()).unwrap().next().unwrap().unwrap();
    let line = std::process::Command::new("gzip").arg("-dc").arg(file.path()).output().unwrap().stdout;
    let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!((text(&line, "execution_id"), text(&line, "status")), ("push@old", "success"));
    server.stop().await;
}
