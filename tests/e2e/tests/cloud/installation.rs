//! One installation for all tests of this program: making one takes minutes.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use aws_sdk_sqs::Client as Sqs;
use belfry_e2e::{Answer, functions, target_directory, until, workspace};
use belfry_emulator::Emulator;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, OnceCell},
    task::spawn_blocking,
};

use super::{api::Api, interruption::Interruption};

pub const SOON: Duration = Duration::from_secs(60);
const UP: &str = "localstack/up";

/// Lock for a case that serves the pool `command`: two at once would take each other's work.
pub static COMMANDS: Mutex<()> = Mutex::const_new(());

pub struct Installation {
    pub api: Api,
    pub emulator: Emulator,
    state: TempDir,
}

/// Installation, made by the script that a developer uses.
static MADE: OnceCell<Installation> = OnceCell::const_new();

pub async fn installation() -> &'static Installation {
    started().await.0
}

/// Execution that was interrupted in the middle, before any other case began.
pub async fn interruption() -> &'static Interruption {
    started().await.1
}

async fn started() -> (&'static Installation, &'static Interruption) {
    static INTERRUPTED: OnceCell<Interruption> = OnceCell::const_new();
    let made = MADE.get_or_init(async || spawn_blocking(Installation::make).await.unwrap()).await;
    (made, INTERRUPTED.get_or_init(|| Interruption::of(made)).await)
}

/// Removes the files that the installation has left on the disk. Statics are not dropped.
pub fn clear_up() {
    if let Some(made) = MADE.get() {
        drop(std::fs::remove_dir_all(made.state.path()));
    }
}

impl Installation {
    fn make() -> Self {
        Self::try_make().unwrap_or_else(|error| {
            // Where an answer of the emulator is lost, Terraform asks again for what is there by then.
            assert!(error.contains("already exists"), "{error}");
            eprintln!("{error}\nonce more, with another emulator");
            Self::try_make().unwrap_or_else(|error| panic!("{error}"))
        })
    }

    fn try_make() -> Result<Self, String> {
        // IAM is enforced, so that each case shows that the functions have the rights they need.
        let emulator = Emulator::start(&[("AUTH", "true")])?;
        let state = TempDir::new().unwrap();
        let told = up(&emulator, &state, ("BELFRY_PROGRAMS", functions()))?;
        let url = told.split_once("export API='").and_then(|(_, rest)| rest.split_once('\''));
        let (url, _) = url.unwrap_or_else(|| panic!("it names no API: {told}"));
        Ok(Self { api: Api::new(url), emulator, state })
    }

    /// Runs the script again over the installation, with these packages.
    pub async fn update(&'static self, packages: &'static Path) -> String {
        let up = move || up(&self.emulator, &self.state, ("BELFRY_PACKAGES", packages));
        spawn_blocking(up).await.unwrap().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Path of a file that `localstack/up` has left behind.
    pub fn state(&self, file: &str) -> std::path::PathBuf {
        self.state.path().join(file)
    }

    pub async fn define(&self, job: Value) {
        self.put(&job).await.ok();
    }

    /// Defines a job for one instant, `seconds` seconds ahead. Where the instant is over before the API
    /// reads the job, a later one is tried.
    pub async fn define_ahead(&self, seconds: i64, mut job: Value) -> DateTime<Utc> {
        until("it is defined in time", SOON, async || {
            let at = Utc::now().trunc_subsecs(0) + TimeDelta::seconds(seconds);
            job["run_at"] = json!(at);
            let answer = self.put(&job).await;
            if answer.status == 422 && at <= Utc::now() {
                return None;
            }
            answer.ok();
            Some(at)
        })
        .await
    }

    async fn put(&self, job: &Value) -> Answer {
        let path = format!("/v1/jobs/{}", job["job_id"].as_str().unwrap());
        self.api.answer(self.api.change(Method::PUT, &path, job)).await
    }

    /// Pushes work and returns the execution's id.
    pub async fn push(&self, work: Value) -> String {
        self.api.post("/v1/executions", &work).await["execution_id"].as_str().unwrap().to_owned()
    }

    pub async fn trigger(&self, job: &str) -> Value {
        self.api.post(&format!("/v1/jobs/{job}/executions"), &Value::Object(serde_json::Map::new())).await
    }

    pub async fn until_it_is(&self, id: &str, status: &str, within: Duration) -> Value {
        until(&format!("{id} is {status}"), within, async || {
            let row = self.api.try_get(&format!("/v1/executions/{id}")).await.ok()?.body;
            (row["status"] == status).then_some(row)
        })
        .await
    }

    pub async fn executions_of(&self, job: &str) -> Vec<Value> {
        self.api.all(&format!("/v1/jobs/{job}/executions")).await
    }

    pub fn sqs(&self) -> Sqs {
        Sqs::new(&self.emulator.sdk_config())
    }

    pub async fn queue_url(&self, queue: &str) -> String {
        let found = self.sqs().get_queue_url().queue_name(queue).send().await.unwrap();
        found.queue_url.unwrap()
    }
}

fn up(emulator: &Emulator, state: &TempDir, (variable, directory): (&str, &Path)) -> Result<String, String> {
    let output = Command::new(workspace().join(UP))
        .env("CARGO_TARGET_DIR", target_directory())
        .env(variable, directory)
        .env("BELFRY_EMULATOR_ENDPOINT", emulator.url())
        .env("BELFRY_EMULATOR_STATE", state.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let progress = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{UP}: {}\n{told}\n{progress}", output.status));
    }
    println!("{progress}");
    Ok(told)
}
