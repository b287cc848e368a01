//! The report of an import: each line that was read is in a job, or in here.

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

impl<T> Translation<T> {
    pub fn has(&self, job_id: &str) -> bool {
        self.jobs.iter().any(|job| job.job_id == job_id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// The kind that a file was taken for, and what holds for all of it.
    File,
    /// It is part of a job, or holds for the jobs below it.
    CarriedOver,
    /// It says something to people only.
    Comment,
    /// The other scheduler does not read it either.
    Ignored,
    /// It is there, but not quite as it was.
    Changed,
    /// It has no place in what came out.
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
    /// From 1; 0 where it is about the file, or not known.
    pub line: usize,
    pub text: String,
    pub kind: NoteKind,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The job that the line became.
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

    /// The job file, and below it the report.
    pub(crate) fn shown<T: Serialize>(translation: &Translation<T>) -> String {
        let line = |Note { file, line, text, kind, reason, .. }: &Note| {
            format!("{file}:{line} {}: {text}\n    {reason}", kind.as_str())
        };
        let notes: Vec<String> = losses(translation).into_iter().map(line).collect();
        format!("{}\n{}", to_yaml_in_lines(&translation.jobs).unwrap(), notes.join("\n"))
    }

    /// Entries about what is not, or not quite, as it was.
    pub(crate) fn losses<T>(translation: &Translation<T>) -> Vec<&Note> {
        let is_loss = |note: &&Note| matches!(note.kind, NoteKind::Changed | NoteKind::NotCarriedOver);
        translation.notes.iter().filter(is_loss).collect()
    }
}
