//! AWS on this machine, without Docker and without an account: one process that answers for DynamoDB,
//! SQS, Lambda and the rest on one port.
//!
//! The emulator ends with the test that started it, even if that is killed: the test holds one end of a
//! pipe, and a thread in the emulator kills the emulator's process group when that end closes.

mod install;
mod tables;

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdin, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

pub use self::tables::create_tables;

pub const REGION: &str = "us-east-1";
pub const ACCESS_KEY: &str = "test";
pub const SECRET_KEY: &str = "test";

/// Event of the executions table's stream, as AWS documents what Lambda is handed for rows whose time
/// to live has ended. The emulator removes such rows without an event.
///
/// It holds a success, a failure a day later, and a row that was removed by hand.
pub const EXPIRED: &str = include_str!("expired.json");

const PATIENCE: Duration = Duration::from_secs(30);
/// Number of starts to try: another process may take a free port before the emulator does.
const TRIES: usize = 3;

/// A running emulator.
pub struct Emulator {
    url: String,
    child: Child,
    /// Pipe that closes with the test's process.
    _alive: Option<ChildStdin>,
    _directory: TempDir,
}

impl Emulator {
    /// Emulator that all tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Emulator> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Starts an emulator with these variables in its environment, and waits until it answers.
    pub fn start(variables: &[(&str, &str)]) -> Result<Self, String> {
        let installed = install::install()?;
        let mut outcome = Err(String::new());
        for _ in 0..TRIES {
            outcome = Self::try_start(&installed, variables);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn try_start(installed: &install::Installed, variables: &[(&str, &str)]) -> Result<Self, String> {
        let port = free_port().map_err(|error| error.to_string())?;
        let url = format!("http://127.0.0.1:{port}");
        let directory = TempDir::new().map_err(|error| error.to_string())?;
        let mut child = Command::new(&installed.program)
            .env("BELFRY_EMULATOR", "1")
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            // Functions inherit it: without it they would call the real AWS.
            .env("AWS_ENDPOINT_URL", &url)
            .env("TMPDIR", directory.path())
            .env("PYTHONPATH", &installed.modules)
            .env("LOG_LEVEL", "WARNING")
            .envs(variables.iter().copied())
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{}: {error}", installed.program.display()))?;
        let alive = child.stdin.take();
        let mut emulator = Self { url, child, _alive: alive, _directory: directory };
        emulator.until_it_answers(port)?;
        Ok(emulator)
    }

    fn until_it_answers(&mut self, port: u16) -> Result<(), String> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if is_healthy(port) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the emulator ended: {status}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the emulator did not answer within {PATIENCE:?}"))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Environment of a program that is to talk to this emulator.
    pub fn variables(&self) -> [(&'static str, &str); 4] {
        [
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ]
    }

    /// Settings for the SDK's clients in this process. Nothing comes from the developer's environment.
    pub fn sdk_config(&self) -> SdkConfig {
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "emulator");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Its functions are of its process group.
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.wait());
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn is_healthy(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream
            .write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
