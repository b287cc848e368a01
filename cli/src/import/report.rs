//! What could not be carried over, or means something else now.

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// It has no place in what came out.
    NotCarriedOver,
    /// It is there, but not quite as it was.
    Changed,
}

impl NoteKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotCarriedOver => "not carried over",
            Self::Changed => "changed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub text: String,
    pub kind: NoteKind,
    pub reason: String,
}
