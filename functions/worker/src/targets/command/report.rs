//! Translation of a process's end into a completion for the engine.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

use belfry_domain::CommandTarget;
use belfry_engine::ports::{Completion, Output};
use rustix::process::Signal;

use super::{process::End, result_file::ResultFile};

const SIGNALS: [(Signal, &str); 16] = [
    (Signal::HUP, "SIGHUP"),
    (Signal::INT, "SIGINT"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::ILL, "SIGILL"),
    (Signal::TRAP, "SIGTRAP"),
    (Signal::ABORT, "SIGABRT"),
    (Signal::BUS, "SIGBUS"),
    (Signal::FPE, "SIGFPE"),
    (Signal::KILL, "SIGKILL"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::SEGV, "SIGSEGV"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::PIPE, "SIGPIPE"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::TERM, "SIGTERM"),
    (Signal::XCPU, "SIGXCPU"),
];

pub(super) fn completion(
    end: &End,
    last_line: Option<String>,
    output: Option<Output>,
    target: &CommandTarget,
    result: Option<&ResultFile>,
) -> Completion {
    let completion = match end {
        End::Stopped => Completion::failed("stopped"),
        End::Unknown(error) => {
            Completion::failed(format!("the exit status of the process is unknown: {error}"))
        }
        End::Exited(status) if status.success() => succeeded(result),
        End::Exited(status) => failed(*status, last_line, target),
    };
    match output {
        Some(output) => completion.with_output(output),
        None => completion,
    }
}

fn succeeded(result: Option<&ResultFile>) -> Completion {
    match result.map(ResultFile::read).transpose() {
        Ok(result) => Completion::succeeded(result.flatten()),
        Err(error) => Completion::failed_for_good(error.to_string()),
    }
}

fn failed(status: ExitStatus, last_line: Option<String>, target: &CommandTarget) -> Completion {
    let mut error = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {}", named(signal)),
        (None, None) => status.to_string(),
    };
    if let Some(line) = last_line {
        error = format!("{error}: {line}");
    }
    if status.code().is_some_and(|code| target.final_exit_codes.contains(&code)) {
        Completion::failed_for_good(error)
    } else {
        Completion::failed(error)
    }
}

fn named(signal: i32) -> String {
    match SIGNALS.iter().find(|(known, _)| known.as_raw() == signal) {
        Some((_, name)) => format!("{signal} ({name})"),
        None => signal.to_string(),
    }
}
