//! Running process: its input, its output, and its end.

use std::{io, process::ExitStatus, time::Duration};

use belfry_engine::ports::Stop;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    process::{Child, ChildStdin},
    select,
    time::timeout,
};

use super::{capture::Capture, group::Group};

const READ_BYTES: usize = 16 * 1024;

pub(super) enum End {
    Exited(ExitStatus),
    Stopped,
    /// The system does not say how the process ended.
    Unknown(io::Error),
}

/// Process that is killed with its whole group when dropped. The runtime reaps the leader.
pub(super) struct Process {
    child: Child,
    group: Group,
}

impl Process {
    pub fn new(child: Child) -> Self {
        let group = Group::led_by(child.id());
        Self { child, group }
    }

    /// Waits for the end of the process. Processes that it leaves behind when it exits by itself are
    /// left alone, as a shell or cron would.
    pub async fn end(&mut self, stop: &Stop, grace: Duration) -> End {
        let status = select! {
            status = self.child.wait() => status,
            () = stop.cancelled() => {
                self.stop(grace).await;
                return End::Stopped;
            }
        };
        self.group.release();
        status.map_or_else(End::Unknown, End::Exited)
    }

    /// Stops the process. The grace is for the whole group: a shell dies of SIGTERM at once, while the
    /// processes that it started may still be cleaning up.
    async fn stop(&mut self, grace: Duration) {
        self.group.terminate();
        let gone = async {
            self.child.wait().await.ok();
            self.group.gone().await;
        };
        timeout(grace, gone).await.ok();
        self.group.kill();
        self.child.wait().await.ok();
    }
}

pub(super) async fn feed(stdin: Option<ChildStdin>, input: &Value) {
    if let Some(mut stdin) = stdin {
        // A process that doesn't read its input closes the pipe early, and may.
        stdin.write_all(input.to_string().as_bytes()).await.ok();
    }
}

pub(super) async fn listen(mut output: pipe::Receiver, capture: &mut Capture) {
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(length @ 1..) = output.read(&mut buffer).await {
        capture.push(&buffer[..length]).await;
    }
}
