//! A job's pause, one value in memory and two fields of the stored row.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

/// The pause of a job. Slots after `at` do not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    pub at: Timestamp,
    /// Text for people, at most [`MAX_NOTE_CHARACTERS`] characters.
    pub note: Option<String>,
}

pub const MAX_NOTE_CHARACTERS: usize = 500;

impl Pause {
    pub fn at(at: Timestamp) -> Self {
        Self { at, note: None }
    }
}

/// Writes the pause so that versions of belfry without notes can read it: they read `paused_at` and
/// ignore the rest.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause_note: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde calls it with this")]
pub(super) fn serialize<S: Serializer>(pause: &Option<Pause>, serializer: S) -> Result<S::Ok, S::Error> {
    let note = pause.as_ref().and_then(|pause| pause.note.clone());
    Stored { paused_at: pause.as_ref().map(|pause| pause.at), pause_note: note }.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pause>, D::Error> {
    let Stored { paused_at, pause_note: note } = Stored::deserialize(deserializer)?;
    Ok(paused_at.map(|at| Pause { at, note }))
}
