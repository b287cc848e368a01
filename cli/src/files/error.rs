use std::fmt;

use serde::Serialize;

/// Error in a job file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileProblem {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column in characters, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    pub message: String,
}

impl FileProblem {
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        let file = file.to_owned();
        Self { file, job: None, field: None, line: None, column: None, message: message.into() }
    }

    pub fn at(mut self, (line, column): (Option<u64>, Option<u64>)) -> Self {
        (self.line, self.column) = (line, column);
        self
    }
}

/// Writes `file:line:column: job a: schedule: …`, the form that editors can jump to.
impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        if let Some(job) = &self.job {
            write!(f, ": job {job}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ": {field}")?;
        }
        write!(f, ": {}", self.message)
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub struct FileErrors(pub Vec<FileProblem>);

impl fmt::Display for FileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl From<FileProblem> for FileErrors {
    fn from(problem: FileProblem) -> Self {
        Self(vec![problem])
    }
}
