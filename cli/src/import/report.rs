//! Report of an import: each line that was read is in a job, or in the report.

use serde::Serialize;

use super::ImportedJob;

/// Result of an import.
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

impl<T> Translation<T> {
    pub fn has(&self, job_id: &str) -> bool {
        self.jobs.iter().any(|job| job.job_id == job_id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Kind that a file was taken for, and remarks about all of it.
    File,
    /// The line is part of a job, or applies to the jobs below it.
    CarriedOver,
    /// The line is for people only.
    Comment,
    /// The other scheduler does not read the line either.
    Ignored,
    /// The line was carried over with a change.
    Changed,
    /// The line has no counterpart in the result.
    NotCarriedOver,
}

impl NoteKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "read",
            Self::CarriedOver => "job",
            Self::Comment => "comment",
            Self::Ignored => "ignored",
            Self::Changed => "changed",
            Self::NotCarriedOver => "lost",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub file: String,
    /// Line, counted from 1. 0 where the note is about the file, or the line is not known.
    pub line: usize,
    pub text: String,
    pub kind: NoteKind,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Job that the line became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

impl Note {
    pub fn of_file(file: &str, kind: NoteKind, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, text: String::new(), kind, reason: reason.into(), job: None }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde::Serialize;

    use super::{Note, NoteKind, Translation};
    use crate::files::to_yaml_in_lines;

    /// Job file, followed by the report.
    pub(crate) fn shown<T: Serialize>(translation: &Translation<T>) -> String {
        let line = |Note { file, line, text, kind, reason, .. }: &Note| {
            format!("{file}:{line} {}: {text}\n    {reason}", kind.as_str())
        };
        let notes: Vec<String> = losses(translation).into_iter().map(line).collect();
        format!("{}\n{}", to_yaml_in_lines(&translation.jobs).unwrap(), notes.join("\n"))
    }

    /// Notes about losses and changes.
    pub(crate) fn losses<T>(translation: &Translation<T>) -> Vec<&Note> {
        let is_loss = |note: &&Note| matches!(note.kind, NoteKind::Changed | NoteKind::NotCarriedOver);
        translation.notes.iter().filter(is_loss).collect()
    }
}
