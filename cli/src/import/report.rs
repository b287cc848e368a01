//! What could not be carried over, or means something else now.

use serde::Serialize;

use super::ImportedJob;

/// What came of an import.
#[derive(Debug)]
pub struct Translation<T> {
    pub jobs: Vec<ImportedJob<T>>,
    pub notes: Vec<Note>,
}

impl<T> Default for Translation<T> {
    fn default() -> Self {
        Self { jobs: Vec::new(), notes: Vec::new() }
    }
}

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
    /// From 1; 0 where it is not known.
    pub line: usize,
    pub text: String,
    pub kind: NoteKind,
    pub reason: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use serde::Serialize;

    use super::{Note, Translation};
    use crate::files::to_yaml_in_lines;

    /// The job file, and below it the report.
    pub(crate) fn shown<T: Serialize>(translation: &Translation<T>) -> String {
        let line = |Note { file, line, text, kind, reason }: &Note| {
            format!("{file}:{line} {}: {text}\n    {reason}", kind.as_str())
        };
        let notes: Vec<String> = translation.notes.iter().map(line).collect();
        format!("{}\n{}", to_yaml_in_lines(&translation.jobs).unwrap(), notes.join("\n"))
    }
}
