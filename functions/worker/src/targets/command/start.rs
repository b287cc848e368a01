//! Start of a process for a target, or an error that says what to do.

use std::{
    io::{self, ErrorKind},
    path::Path,
    process::Stdio,
};

use belfry_domain::{CommandLine, CommandTarget};
use belfry_engine::ports::Invocation;
use rustix::fs::{Access, access};
use tokio::{
    net::unix::pipe,
    process::{ChildStdin, Command},
};

use super::{process::Process, result_file::ResultFile};
use crate::targets::Environment;

/// Worker's own variables that every process gets. All others, credentials above all, stay the worker's
/// own.
const PASSED_ON: [&str; 8] = ["PATH", "HOME", "USER", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"];

#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("the command is empty; give a program or a shell command line")]
    Empty,
    #[error(
        "working directory {directory:?} {problem}; create it on this worker or change `working_directory`"
    )]
    Directory { directory: String, problem: String },
    #[error(
        "program {0:?} not found on this worker's PATH; install it, or give its full path (a shell line, with its pipes and built-ins, is written as a string)"
    )]
    NotOnPath(String),
    #[error("program {0:?} not found on this worker; install it there or correct the path")]
    NoFile(String),
    #[error(
        "the interpreter named on the first line of {0:?} not found on this worker; install it or correct that line"
    )]
    NoInterpreter(String),
    #[error("program {0:?} is not executable; give it the permission (chmod +x)")]
    NotExecutable(String),
    #[error(
        "this worker cannot execute the format of program {0:?}; the program may be built for another platform, or be a script without a `#!` line"
    )]
    Format(String),
    #[error("the command and its environment are too long for this system; send the data as input instead")]
    TooLong,
    #[error("the command, its working directory or its environment contains a NUL character")]
    Nul,
    /// The host lacks a resource now, and may have it later.
    #[error("cannot start the command now: {0}")]
    Now(io::Error),
}

impl StartError {
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Now(_))
    }
}

pub(super) struct Started {
    pub process: Process,
    pub input: Option<ChildStdin>,
    pub output: pipe::Receiver,
}

pub(super) fn start(
    target: &CommandTarget,
    environment: &Environment,
    invocation: &Invocation,
    result: Option<&ResultFile>,
) -> Result<Started, StartError> {
    let mut command = command(target)?;
    set_environment(&mut command, target, environment, invocation, result);
    let output = one_pipe(&mut command).map_err(StartError::Now)?;
    command.stdin(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| diagnose(error, target))?;
    Ok(Started { input: child.stdin.take(), process: Process::new(child), output })
}

fn command(target: &CommandTarget) -> Result<Command, StartError> {
    let mut command = match &target.command {
        line if line.is_blank() => return Err(StartError::Empty),
        CommandLine::Shell(text) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", text]);
            shell
        }
        CommandLine::Arguments(words) => {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            command
        }
    };
    if let Some(directory) = &target.working_directory {
        command.current_dir(directory);
    }
    Ok(command)
}

fn set_environment(
    command: &mut Command,
    target: &CommandTarget,
    environment: &Environment,
    invocation: &Invocation,
    result: Option<&ResultFile>,
) {
    let passed_on = PASSED_ON.into_iter().chain(target.pass_environment.iter().map(String::as_str));
    let id = &invocation.execution_id;
    let attempt = invocation.attempt.to_string();
    command
        .env_clear()
        .envs(passed_on.filter_map(|name| Some((name, environment.get(name)?))))
        .envs(&target.environment)
        .env("BELFRY_EXECUTION_ID", id.as_str())
        .env("BELFRY_JOB_ID", id.job_id().as_str())
        .env("BELFRY_SLOT", id.slot().as_str())
        .env("BELFRY_RUN_ID", &invocation.run_id)
        .env("BELFRY_ATTEMPT", &attempt)
        .env("BELFRY_FENCE", &attempt)
        .envs(result.map(|file| ("BELFRY_RESULT", file.path())))
        .envs(result.map(|file| ("BELFRY_PROGRESS", file.progress_path())));
}

/// One pipe for both outputs: two pipes could not be merged in the order of arrival.
fn one_pipe(command: &mut Command) -> io::Result<pipe::Receiver> {
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    pipe::Receiver::from_owned_fd(reader.into())
}

/// Finds the cause of a failed start. The system gives one number for several causes, so the cause is
/// looked for after the failure.
fn diagnose(error: io::Error, target: &CommandTarget) -> StartError {
    if let Some(directory) = &target.working_directory
        && let Some(problem) = directory_problem(directory)
    {
        return StartError::Directory { directory: directory.clone(), problem };
    }
    let program = match &target.command {
        CommandLine::Shell(_) => "sh",
        CommandLine::Arguments(words) => words.first().map_or("", String::as_str),
    };
    let name = program.to_owned();
    match error.kind() {
        ErrorKind::NotFound if !program.contains('/') => StartError::NotOnPath(name),
        ErrorKind::NotFound if is_there(program, target) => StartError::NoInterpreter(name),
        ErrorKind::NotFound | ErrorKind::NotADirectory => StartError::NoFile(name),
        ErrorKind::PermissionDenied => StartError::NotExecutable(name),
        ErrorKind::ArgumentListTooLong => StartError::TooLong,
        ErrorKind::InvalidInput => StartError::Nul,
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            StartError::Format(name)
        }
        _ => StartError::Now(error),
    }
}

fn directory_problem(directory: &str) -> Option<String> {
    match std::fs::metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => Some("does not exist".to_owned()),
        Err(error) => Some(format!("can't be used ({error})")),
        Ok(found) if !found.is_dir() => Some("is not a directory".to_owned()),
        Ok(_) => access(directory, Access::EXEC_OK).err().map(|_| "is not accessible".to_owned()),
    }
}

fn is_there(program: &str, target: &CommandTarget) -> bool {
    let directory = target.working_directory.as_deref().unwrap_or(".");
    Path::new(directory).join(program).exists()
}
