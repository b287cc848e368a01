#![expect(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

pub mod imports;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Time limit, far above what any test takes, on a busy machine too.
pub const BOUND: Duration = Duration::from_secs(60);

pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + BOUND;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_belfry"));
    for name in ["BELFRY_URL", "BELFRY_TOKEN", "BELFRY_DATA", "BELFRY_LISTEN", "BELFRY_LOG"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").args(args);
    command
}

pub fn belfry(args: &[&str]) -> Run {
    Run::of(&mut command(args))
}

pub fn belfry_with_input(args: &[&str], input: &str) -> Run {
    let pipes = || Stdio::piped();
    let mut child = command(args).stdin(pipes()).stdout(pipes()).stderr(pipes()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Run(child.wait_with_output().unwrap())
}

pub struct Run(Output);

impl Run {
    pub fn of(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).output().unwrap())
    }

    pub fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.0.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.out(), self.err()))
    }

    /// Returns the run; panics unless it ended with code 0.
    pub fn ok(self) -> Self {
        assert_eq!(self.code(), 0, "{}{}", self.out(), self.err());
        self
    }
}

pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// Server of its own, which ends with this value.
pub struct Server {
    child: Child,
    pub url: String,
    _data: tempfile::TempDir,
}

impl Server {
    pub fn start(args: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = command(&["up", "--listen", "127.0.0.1:0", "--data"]);
        let mut child =
            command.arg(data.path()).args(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        let server = Self { child, url, _data: data };
        server.wait_until_leader();
        server
    }

    /// Waits until the server leads. Until then it answers requests, but accepts no work.
    fn wait_until_leader(&self) {
        until("it leads", || self.health().contains("\"role\":\"leader\"").then_some(()));
    }

    fn health(&self) -> String {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(b"GET /v1/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn run(&self, args: &[&str]) -> Run {
        let url = self.url.as_str();
        belfry(&[&["--url", url], args].concat())
    }

    pub fn run_with_input(&self, args: &[&str], input: &str) -> Run {
        let url = self.url.as_str();
        belfry_with_input(&[&["--url", url], args].concat(), input)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
