//! Processes on this host. Each leads a process group of its own, and a kill ends the whole group.
//!
//! There is one limit: if the worker itself is killed with SIGKILL, its processes live on. Linux could
//! tie them to it (`PR_SET_PDEATHSIG`), but only from unsafe code between fork and exec, and only the
//! direct child. Run the worker under a supervisor that ends the whole control group with it, as
//! systemd, ECS and Kubernetes do. Until then the fence tells a target that an older attempt is still
//! alive.

mod capture;
mod group;
mod process;
mod progress_file;
mod report;
mod result_file;
mod start;

use std::{
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use belfry_domain::CommandTarget;
use belfry_engine::ports::{Completion, Invocation, Logs};
use futures::future::{Either, join, select};
use tokio::time::timeout;

use self::{
    capture::{Capture, Place},
    process::End,
    progress_file::Sight,
    report::completion,
    result_file::ResultFile,
};
use super::{Environment, TargetSettings, tail::Tail};

/// Time after the process's end for which its output is still read. A process that it left behind may
/// hold the pipe open for ever.
const DRAIN: Duration = Duration::from_millis(200);
/// Time limit for keeping the log at the end. An attempt that was told to stop is dropped soon, with
/// its tail.
const KEEP: Duration = Duration::from_secs(60);
const KEEP_STOPPED: Duration = Duration::from_millis(600);

pub(super) async fn run(
    settings: &TargetSettings,
    environment: &Environment,
    logs: Option<Arc<dyn Logs>>,
    target: &CommandTarget,
    invocation: &Invocation,
) -> Completion {
    if invocation.stop.is_cancelled() {
        return Completion::failed("stopped");
    }
    let result = ResultFile::new();
    let started = match start::start(target, environment, invocation, result.as_ref()) {
        Ok(started) => started,
        Err(error) if error.is_final() => return Completion::failed_for_good(error.to_string()),
        Err(error) => return Completion::failed(error.to_string()),
    };
    let place = logs.map(|logs| Place {
        logs,
        execution_id: invocation.execution_id.clone(),
        attempt: invocation.attempt,
    });
    let tail = Arc::new(Mutex::new(Tail::new(settings.output_tail_bytes)));
    let progress = result.as_ref().map(ResultFile::progress_path);
    invocation.window.show(Arc::new(Sight { tail: Arc::clone(&tail), progress }));
    let mut capture = Capture::new(tail, settings.log_bytes, place);
    let end = converse(started, invocation, settings.stop_grace, &mut capture).await;
    let last_line = capture.last_line();
    let patience = if invocation.stop.is_cancelled() { KEEP_STOPPED } else { KEEP };
    let output = capture.finish(patience).await;
    completion(&end, last_line, output, target, result.as_ref())
}

/// Feeds the process, reads its output and waits for its end at the same time. One after another, any
/// of the three could block the others for ever.
async fn converse(
    started: start::Started,
    invocation: &Invocation,
    grace: Duration,
    capture: &mut Capture,
) -> End {
    let start::Started { mut process, input, output } = started;
    let talk = pin!(join(process::feed(input, &invocation.input), process::listen(output, capture)));
    let end = pin!(process.end(&invocation.stop, grace));
    match select(end, talk).await {
        Either::Left((end, talk)) => {
            timeout(DRAIN, talk).await.ok();
            end
        }
        Either::Right((_, end)) => end.await,
    }
}
