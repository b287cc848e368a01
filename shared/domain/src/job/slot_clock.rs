//! Clock of a job's slots.

use serde::{Deserialize, Serialize};

/// The clock that starts a job's slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SlotClock {
    /// Belfry's own tick.
    #[default]
    Tick,
    /// The tick, and on AWS a schedule in EventBridge Scheduler as well. Whichever is first starts
    /// the slot; the other finds it started. Elsewhere the same as `tick`.
    Both,
}

impl SlotClock {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
