//! `belfry up`: the single process.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    thread::panicking,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{
    Api, Run,
    run::{self, command, command_under},
    until,
};

const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(45);
/// Time within which a server must lead. A dead leader's lease may have to run out first.
const LEAD: Duration = Duration::from_secs(20);
const LOG_LINES_SHOWN: usize = 40;

/// Way to start a server, as often as wanted.
#[derive(Clone)]
pub struct Up {
    args: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    directory: Option<PathBuf>,
    umask: Option<&'static str>,
    is_unread: bool,
}

/// Running server, which ends with this value.
pub struct Server {
    child: Child,
    log: NamedTempFile,
    pub api: Api,
}

impl Up {
    pub fn on(data: &Path) -> Self {
        let args = ["up", "--listen", "127.0.0.1:0", "--data"].map(OsString::from);
        let args = args.into_iter().chain([data.into()]).collect();
        // What a killed one leaves behind goes with its data.
        let variables = vec![("TMPDIR", data.into())];
        Self { args, variables, directory: None, umask: None, is_unread: false }
    }

    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub fn working_directory(self, directory: &Path) -> Self {
        Self { directory: Some(directory.to_owned()), ..self }
    }

    /// Sets the umask, in octal digits such as 022.
    pub fn umask(self, umask: &'static str) -> Self {
        Self { umask: Some(umask), ..self }
    }

    /// Gives the server a log whose reader has gone away.
    pub fn unread(self) -> Self {
        Self { is_unread: true, ..self }
    }

    fn command(&self) -> Command {
        let mut command = self.umask.map_or_else(command, command_under);
        command.args(&self.args).envs(self.variables.iter().cloned());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Starts a server. Returns when the server listens, whether or not it leads.
    pub async fn start(&self) -> Server {
        let log = NamedTempFile::new().unwrap();
        let stderr = if self.is_unread { Stdio::piped() } else { File::create(log.path()).unwrap().into() };
        let mut child = self.command().stderr(stderr).spawn().unwrap();
        drop(child.stderr.take());
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        tokio::time::timeout(START, stdout.read_line(&mut line)).await.expect("it listens in time").unwrap();
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("{line:?} {}", fs::read_to_string(log.path()).unwrap()));
        Server { child, log, api: Api::new(&url) }
    }

    pub async fn start_leader(&self) -> Server {
        let server = self.start().await;
        server.until_it_leads(LEAD).await;
        server
    }
}

impl Server {
    pub fn url(&self) -> &str {
        &self.api.url
    }

    pub async fn until_it_leads(&self, within: Duration) {
        until("it leads", within, async || self.api.role().await.filter(|role| role == "leader")).await;
    }

    /// Runs a command that talks to this server.
    pub async fn run(&self, args: &[&str]) -> Run {
        run::run(&[&["--url", self.url()], args].concat()).await
    }

    pub async fn run_with_input(&self, args: &[&str], input: &str) -> Run {
        run::run_with_input(&[&["--url", self.url()], args].concat(), input).await
    }

    /// Log of the server so far, from its standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    fn process(&self) -> Pid {
        Pid::from_raw(self.child.id().expect("it runs").cast_signed()).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).unwrap();
    }

    /// Sends SIGSTOP; returns when the process stands still.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        waitpid(Some(self.process()), WaitOptions::UNTRACED).unwrap();
    }

    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    pub async fn until_it_ends(&mut self) -> ExitStatus {
        tokio::time::timeout(STOP, self.child.wait()).await.expect("it ends in time").unwrap()
    }

    /// Sends SIGKILL; returns when the process is dead.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.until_it_ends().await;
    }

    /// Sends SIGTERM, at which the process ends in good order.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends the process in good order.
    pub async fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.until_it_ends().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n");
            eprintln!("the log of {} ends with:\n{shown}", self.url());
        }
    }
}
