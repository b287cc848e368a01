//! Process group that dies with its owner.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(10);

/// Group that is killed when dropped, unless it was released.
pub(super) struct Group(Option<Pid>);

impl Group {
    /// Group of a process that was started as the leader of its own group. `leader` is its id.
    pub fn led_by(leader: Option<u32>) -> Self {
        Self(leader.and_then(|id| Pid::from_raw(id as i32)))
    }

    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills every process of the group.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.release();
    }

    /// Releases the group. When the leader is gone, its id may name another group.
    pub fn release(&mut self) {
        self.0 = None;
    }

    pub async fn gone(&self) {
        while self.0.is_some_and(|group| test_kill_process_group(group).is_ok()) {
            sleep(POLL).await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // A group that has just ended by itself is as good as killed.
            kill_process_group(group, signal).ok();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
