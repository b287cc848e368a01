//! The functions' processes, which the emulator starts on this machine.

use std::{collections::BTreeMap, fs};

use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use super::installation::Installation;

pub struct Process {
    pid: Pid,
    variables: BTreeMap<String, String>,
}

impl Installation {
    /// Processes of this installation's emulator. Other emulators may run beside it.
    pub fn processes(&self) -> Vec<Process> {
        let pids =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let pids = pids.filter_map(|name| name.parse().ok()).filter_map(Pid::from_raw);
        let processes = pids.map(|pid| Process { pid, variables: variables_of(pid) });
        processes
            .filter(|process| !process.function().is_empty())
            .filter(|process| process.variable("AWS_ENDPOINT_URL") == self.emulator.url())
            .collect()
    }
}

impl Process {
    /// Name of the function, such as `belfry-worker`.
    pub fn function(&self) -> &str {
        self.variable("AWS_LAMBDA_FUNCTION_NAME")
    }

    pub fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Worker id that the process has in the attempts that it runs.
    pub fn worker_id(&self) -> String {
        format!("{}/{}", self.function(), self.variable("AWS_LAMBDA_LOG_STREAM_NAME"))
    }

    /// Kills the process, which may have ended meanwhile. Returns when it is dead: until then the
    /// emulator would still hand it the next call, which would get no answer.
    pub fn kill(&self) {
        let Ok(process) = pidfd_open(self.pid, PidfdFlags::empty()) else { return };
        pidfd_send_signal(&process, Signal::KILL).ok();
        poll(&mut [PollFd::new(&process, PollFlags::IN)], None).unwrap();
    }
}

fn variables_of(pid: Pid) -> BTreeMap<String, String> {
    let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
    let text = String::from_utf8_lossy(&environment);
    text.split('\0')
        .filter_map(|variable| variable.split_once('='))
        .map(|(n, v)| (n.into(), v.into()))
        .collect()
}
