//! View of an attempt while it runs.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use belfry_domain::Progress;
use serde::{Deserialize, Serialize};

/// Output of an attempt or answer of its target: the last part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub tail: String,
    /// Length of the whole output in bytes. `tail` is its end.
    pub bytes: u64,
    /// Reference of the full log, up to a bound, for [`Logs`](super::Logs). `None` where the tail is
    /// all, or where no more was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// View into a running attempt. The engine reads it at each heartbeat.
pub trait Live: Send + Sync {
    /// Progress that the attempt reported last.
    fn progress(&self) -> Option<Progress>;

    /// Output that the attempt has printed so far.
    fn output(&self) -> Option<Output>;
}

/// Place where a runner can show the attempt that it runs.
#[derive(Clone, Default)]
pub struct Window(Arc<OnceLock<Arc<dyn Live>>>);

impl Window {
    /// Shows the attempt. Only the first call counts.
    pub fn show(&self, live: Arc<dyn Live>) {
        self.0.set(live).ok();
    }

    pub fn progress(&self) -> Option<Progress> {
        self.0.get()?.progress()
    }

    pub fn output(&self) -> Option<Output> {
        self.0.get()?.output()
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Window(open)" } else { "Window(closed)" })
    }
}
