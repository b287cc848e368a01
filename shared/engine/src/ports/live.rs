//! What can be seen of an attempt while it runs.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use belfry_domain::Progress;
use serde::{Deserialize, Serialize};

/// What an attempt printed or answered: its last part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub tail: String,
    /// Bytes in all, of which `tail` is the end.
    pub bytes: u64,
    /// Where all of it is, up to a bound: a reference of [`Logs`](super::Logs). None where the tail
    /// is all, or all that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// The engine looks at each heartbeat.
pub trait Live: Send + Sync {
    /// What the attempt said of itself last.
    fn progress(&self) -> Option<Progress>;

    /// What it has printed so far.
    fn output(&self) -> Option<Output>;
}

/// Where a runner shows what it runs, if that can be seen into.
#[derive(Clone, Default)]
pub struct Window(Arc<OnceLock<Arc<dyn Live>>>);

impl Window {
    /// The first word stands: an attempt is one thing.
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
