//! `belfry worker`, on the same installation as the functions.

use std::process::Stdio;

use belfry_e2e::{Held, belfry, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::process::{Child, Command};

use super::{
    installation::{COMMANDS, Installation, SOON, installation},
    recovery::RECOVERED,
};

const QUEUE: &str = "belfry-command-normal";
const OF_COMMANDS: [&str; 2] = ["--pool", "command"];

pub struct Daemon(Child);

impl Daemon {
    pub fn start(installation: &Installation, options: &[&str], variables: &[(&str, &str)]) -> Self {
        let child = Command::new(belfry())
            .args(["worker", "--capacity", "4"])
            .args(options)
            .envs(installation.emulator.variables())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Self(child.unwrap())
    }

    /// Ends the daemon in good order, with the attempts that it runs.
    pub async fn end(self) {
        self.terminate();
        self.until_it_ends().await;
    }

    fn terminate(&self) {
        let pid = Pid::from_raw(self.0.id().unwrap().cast_signed()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
    }

    async fn until_it_ends(mut self) {
        let status = tokio::time::timeout(SOON, self.0.wait()).await.expect("it ends in time").unwrap();
        assert!(status.success(), "{status}");
    }
}

pub async fn a_daemon_runs_commands_and_ends_what_it_runs() {
    let belfry = installation().await;
    let _alone = COMMANDS.lock().await;
    let daemon = Daemon::start(belfry, &OF_COMMANDS, &[]);
    let id = belfry.push(json!({ "command": "echo from a daemon" })).await;
    let row = belfry.until_it_is(&id, "success", SOON).await;
    assert_eq!(row["worker_id"].as_str().and_then(|id| id.split('/').next()), Some("belfry"), "{row}");
    // It is let go when the daemon is told to end, and takes a second more: for so long that is to wait.
    let held = Held::within(&belfry.state(""));
    let slow = belfry.push(json!({ "command": format!("{}; sleep 1", held.command()) })).await;
    belfry.until_it_is(&slow, "running", SOON).await;
    daemon.terminate();
    held.let_go();
    daemon.until_it_ends().await;
    // At once: it has been written before the daemon ended.
    let row = belfry.api.execution(&slow).await;
    assert_eq!((row["status"].as_str(), row["attempt"].as_u64()), (Some("success"), Some(1)), "{row}");
}

pub async fn an_idle_pool_takes_from_another() {
    let belfry = installation().await;
    let _alone = COMMANDS.lock().await;
    let daemon = Daemon::start(belfry, &["--pool", "spare", "--steal-from", "command"], &[]);
    let id = belfry.push(json!({ "command": "true" })).await;
    belfry.until_it_is(&id, "success", SOON).await;
    let own = belfry.push(json!({ "command": "true", "pool": "spare" })).await;
    belfry.until_it_is(&own, "success", SOON).await;
    daemon.end().await;
}

pub async fn what_a_lost_message_asked_for_runs_by_the_sweep() {
    let belfry = installation().await;
    let _alone = COMMANDS.lock().await;
    let id = belfry.push(json!({ "command": "true" })).await;
    let url = belfry.queue_url(QUEUE).await;
    until("its message", SOON, async || {
        let name = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
        let asked = belfry.sqs().get_queue_attributes().queue_url(&url).attribute_names(name.clone());
        let count = asked.send().await.ok()?.attributes?.get(&name)?.clone();
        (count == "1").then_some(())
    })
    .await;
    belfry.sqs().purge_queue().queue_url(&url).send().await.unwrap();
    let daemon = Daemon::start(belfry, &OF_COMMANDS, &[]);
    let row = belfry.until_it_is(&id, "success", RECOVERED).await;
    assert_eq!(row["attempt"], 1, "{row}");
    daemon.end().await;
}
