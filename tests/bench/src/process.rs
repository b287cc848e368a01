//! Process of `belfry up`: its work, and its costs.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use crate::figure::{Figure, percentile};

const PUSHES: usize = 500;
const RECURRING_JOBS: usize = 1000;
const IDLE: Duration = Duration::from_secs(20);

struct Up {
    child: Child,
    address: String,
    _directory: TempDir,
}

pub async fn measure(belfry: Option<&Path>) -> anyhow::Result<Vec<Figure>> {
    let binary = match belfry {
        Some(binary) => binary.to_owned(),
        None => beside_this()?,
    };
    let mut figures = push_to_start(&binary).await?;
    figures.extend(idle(&binary).await?);
    Ok(figures)
}

fn beside_this() -> anyhow::Result<PathBuf> {
    let binary = std::env::current_exe()?.with_file_name("belfry");
    if !binary.exists() {
        bail!("{} is missing: cargo build --release -p belfry, or name it with --belfry", binary.display());
    }
    Ok(binary)
}

impl Up {
    async fn start(binary: &Path) -> anyhow::Result<Self> {
        let directory = TempDir::with_prefix("belfry-bench-")?;
        let mut child = Command::new(binary)
            .args(["up", "--listen", "127.0.0.1:0", "--data"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next_line().await?.context("belfry up ended at once")?;
        let address = line.rsplit("http://").next().unwrap_or_default().trim().to_owned();
        let up = Self { child, address, _directory: directory };
        up.wait_until_leader().await?;
        Ok(up)
    }

    async fn wait_until_leader(&self) -> anyhow::Result<()> {
        for _ in 0..500 {
            if let Ok(health) = self.request("GET", "/v1/health", "").await
                && health.contains("leader")
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("belfry up does not lead")
    }

    async fn request(&self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        send(&mut stream, method, path, body, "close").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

async fn send(
    stream: &mut TcpStream,
    method: &str,
    path: &str,
    body: &str,
    connection: &str,
) -> anyhow::Result<()> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: {connection}\r\n\r\n{body}",
        body.len()
    );
    Ok(stream.write_all(request.as_bytes()).await?)
}

/// Time from the request to the target's first step. The target is an HTTP endpoint of this program, so
/// the figure includes the outgoing request.
async fn push_to_start(binary: &Path) -> anyhow::Result<Vec<Figure>> {
    let up = Up::start(binary).await?;
    let mut stream = TcpStream::connect(&up.address).await?;
    stream.set_nodelay(true)?;
    let mut samples = Vec::with_capacity(PUSHES);
    for number in 0..PUSHES {
        let sent = crate::rig::now_ms();
        send(&mut stream, "POST", "/v1/executions", r#"{"target":{"type":"empty"}}"#, "keep-alive").await?;
        let id = accepted_id(&mut stream).await?;
        samples.push(started_ms(&up, &id).await? - sent);
        if number == 0 {
            samples.clear();
        }
    }
    samples.sort_by(f64::total_cmp);
    Ok(vec![
        Figure::new("push over HTTP to start, p50", percentile(&samples, 0.5), "ms").at_most(1.5),
        Figure::new("push over HTTP to start, p99", percentile(&samples, 0.99), "ms"),
    ])
}

async fn accepted_id(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut answer = vec![0; 16 * 1024];
    let length = stream.read(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    let body = text.split("\r\n\r\n").nth(1).context("an answer without a body")?;
    let execution: serde_json::Value = serde_json::from_str(body)?;
    Ok(execution["execution_id"].as_str().context("no execution_id")?.to_owned())
}

/// Start of an execution. Its row has whole milliseconds, so half a millisecond is added, the expected
/// loss.
async fn started_ms(up: &Up, id: &str) -> anyhow::Result<f64> {
    loop {
        let answer = up.request("GET", &format!("/v1/executions/{id}"), "").await?;
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let execution: serde_json::Value = serde_json::from_str(body)?;
        if let Some(start) = execution["start_time"].as_str() {
            let start = chrono::DateTime::parse_from_rfc3339(start)?;
            return Ok(start.timestamp_millis() as f64 + 0.5);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Measures an idle server with a thousand jobs that are due at other times.
async fn idle(binary: &Path) -> anyhow::Result<Vec<Figure>> {
    let up = Up::start(binary).await?;
    let hour = (chrono::Timelike::hour(&chrono::Utc::now()) + 2) % 24;
    let jobs: Vec<serde_json::Value> = (0..RECURRING_JOBS)
        .map(|number| {
            let schedule = format!("{} {hour} * * *", number % 60);
            serde_json::json!({ "job_id": format!("idle-{number}"), "schedule": schedule, "target": { "type": "empty" } })
        })
        .collect();
    let body = serde_json::json!({ "jobs": jobs }).to_string();
    let answer = up.request("POST", "/v1/jobs:apply", &body).await?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("the jobs were not applied: {}", answer.lines().next().unwrap_or_default());
    }
    let pid = up.child.id().context("belfry up has ended")?;
    let before = cpu_seconds(pid)?;
    tokio::time::sleep(IDLE).await;
    let share = (cpu_seconds(pid)? - before) / IDLE.as_secs_f64() * 100.0;
    Ok(vec![
        Figure::new("idle with 1,000 recurring jobs, memory", memory_mib(pid, "VmRSS:")?, "MiB")
            .at_most(40.0),
        Figure::new("idle with 1,000 recurring jobs, CPU", share, "%").at_most(0.5),
    ])
}

/// User and system time in seconds, from the kernel's account in hundredths of a second.
fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// Line of the kernel's account, in MiB: `VmRSS:` is the resident memory, `VmHWM:` the most it ever
/// was.
pub fn memory_mib(pid: u32, name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(name)).context("no such line")?;
    let kib: f64 = line.split_whitespace().nth(1).context("no value")?.parse()?;
    Ok(kib / 1024.0)
}
