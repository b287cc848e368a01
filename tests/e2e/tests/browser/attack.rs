//! Attack of one page in one browser.

use std::{collections::BTreeSet, path::Path, time::Duration};

use belfry_e2e::{Held, Server, Up, until};
use reqwest::Url;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    launch::{Browser, FOREIGN},
    site::{MARKER, Site},
};

/// Origin of the page.
#[derive(Clone, Copy)]
pub enum Origin {
    /// Another server on this machine.
    OtherPort,
    /// A host of the web.
    ForeignName,
    /// A host of the web whose name leads to belfry by now.
    ReboundName,
}

/// All steps of the page, by the names that it gives them: the page can't leave one out unnoticed.
const STEPS: &[&str] = &[
    "command",
    "bytes",
    "blob",
    "text",
    "urlencoded",
    "multipart",
    "json",
    "xhr",
    "beacon",
    "beacon-json",
    "form",
    "form-text",
    "form-multipart",
    "form-window",
    "pause",
    "pause-form",
    "pause-beacon",
    "pause-xhr",
    "delete",
    "put",
    "cancel",
    "read",
    "read-opaque",
    "read-xhr",
    "frame",
    "object",
    "image",
    "script",
    "style",
    "window",
    "socket",
];
/// Steps that get something to read, where nothing stops them.
const READS: &[&str] = &["json", "xhr", "put", "delete", "read", "read-xhr"];
const READS_OF_ONES_OWN: &[&str] = &["read-opaque", "frame", "form-text"];

/// Time limit of a case. A browser may take long to start.
const PATIENCE: Duration = Duration::from_secs(180);

pub async fn gets_nothing(browser: Browser, program: &Path, origin: Origin) {
    let directory = TempDir::new().unwrap();
    let held = Held::within(directory.path());
    let mut server = start(directory.path()).await;
    let running = prepare(&server, &held).await;
    let before = state(&server).await;
    let earlier = server.log().len();

    let site = Site::start(server.url()).await;
    let url = address(&site, &server, origin, &running);
    let reader = browser.open(program, &directory.path().join("profile"), &url);
    let outcomes = timeout(PATIENCE, site.outcomes()).await;
    let outcomes = outcomes.unwrap_or_else(|_| {
        let log = std::fs::read_to_string(directory.path().join("profile.log")).unwrap_or_default();
        panic!("the page at {url} has not ended after {PATIENCE:?}; the browser says:\n{log}")
    });

    let paths = paths(&outcomes["control"]);
    assert_eq!(paths, self::paths(&outcomes["belfry"]), "it tries the same on both");
    until("all of it arrives where it is let in", PATIENCE, async || {
        paths.is_subset(&site.at_control().into_iter().collect()).then_some(())
    })
    .await;
    until("all of it arrives at belfry", PATIENCE, async || {
        let seen = answered(&server.log()[earlier..]).into_iter().map(|(path, _)| path).collect();
        paths.is_subset(&seen).then_some(())
    })
    .await;
    drop(reader);

    let passed: Vec<_> = answered(&server.log()[earlier..])
        .into_iter()
        .filter(|(_, status)| ![403, 415, 421].contains(status))
        .collect();
    assert_eq!(passed, [], "all of it is refused at the door");
    assert_eq!(read(&outcomes["belfry"]), BTreeSet::new(), "nothing is read");
    assert_eq!(state(&server).await, before, "nothing is changed");
    let expected = match origin {
        Origin::ReboundName => [READS, READS_OF_ONES_OWN].concat(),
        _ => READS.to_vec(),
    };
    let missing: Vec<_> =
        expected.into_iter().filter(|step| !read(&outcomes["control"]).contains(*step)).collect();
    assert!(missing.is_empty(), "{missing:?} would have gone unnoticed: {}", outcomes["control"]);
    held.let_go();
    assert!(server.stop().await.success());
}

async fn start(directory: &Path) -> Server {
    let up = Up::on(&directory.join("data")).args(["--log-format", "json"]).variable("BELFRY_LOG", "info");
    up.working_directory(directory).start_leader().await
}

/// Makes a job for each step, and starts one that runs meanwhile; returns its execution's id.
async fn prepare(server: &Server, held: &Held) -> String {
    for step in STEPS {
        let job = json!({ "command": "true", "schedule": "@yearly", "description": MARKER });
        server.api.try_put(&format!("/v1/jobs/{step}"), &job).await.unwrap().ok();
    }
    let pushed = server.api.post("/v1/executions", &json!({ "command": held.command() })).await;
    let id = pushed["execution_id"].as_str().unwrap().to_owned();
    until("it runs", PATIENCE, async || {
        (server.api.execution(&id).await["status"] == "running").then_some(())
    })
    .await;
    id
}

/// All jobs, and all executions with their statuses.
async fn state(server: &Server) -> (Vec<Value>, Vec<(Value, Value)>) {
    let executions = server.api.all("/v1/executions").await.into_iter();
    let executions = executions.map(|one| (one["execution_id"].clone(), one["status"].clone())).collect();
    (server.api.all("/v1/jobs").await, executions)
}

fn address(site: &Site, server: &Server, origin: Origin, running: &str) -> String {
    let port = site.url.rsplit_once(':').unwrap().1;
    let (page, control, belfry) = match origin {
        Origin::OtherPort => (site.url.clone(), json!(site.control), json!(server.url())),
        Origin::ForeignName => (format!("http://{FOREIGN}:{port}"), json!(site.control), json!(server.url())),
        Origin::ReboundName => (format!("http://{FOREIGN}:{}", site.rebound), Value::Null, Value::Null),
    };
    let targets =
        json!([{ "name": "control", "url": control }, { "name": "belfry", "url": belfry }]).to_string();
    let query = [("told", site.url.as_str()), ("running", running), ("targets", &targets)];
    Url::parse_with_params(&format!("{page}/attack"), query).unwrap().into()
}

fn outcome<'a>(outcomes: &'a Value, name: &'a str) -> impl Iterator<Item = &'a str> {
    outcomes.as_array().unwrap().iter().map(move |outcome| outcome[name].as_str().unwrap())
}

fn paths(outcomes: &Value) -> BTreeSet<String> {
    let steps: Vec<&str> = outcome(outcomes, "step").collect();
    assert_eq!(steps, STEPS, "every step was tried");
    outcome(outcomes, "path").map(str::to_owned).collect()
}

/// Steps that have got hold of text that no page may read.
fn read(outcomes: &Value) -> BTreeSet<&str> {
    let steps = outcome(outcomes, "step").zip(outcome(outcomes, "text"));
    steps.filter(|(_, text)| text.contains(MARKER)).map(|(step, _)| step).collect()
}

/// Path of each request and status of its answer, by the access log.
fn answered(log: &str) -> Vec<(String, u64)> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["target"] == "belfry::access")
        .map(|line| (line["path"].as_str().unwrap().to_owned(), line["status"].as_u64().unwrap()))
        .collect()
}
