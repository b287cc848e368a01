//! Job files: YAML or JSON, with one job, a list of jobs, or `jobs:` with a list. One file may contain
//! several YAML documents.
//!
//! A relative `working_directory` is resolved against the job file's directory when the file is read,
//! because the server does not know the file. Where none is given, none is set.

mod error;
mod field_path;
mod locate;
mod node;
mod parse;
mod source;
mod write;

use std::{path::PathBuf, sync::Arc};

use belfry_domain::{JobSpec, Problem, Timestamp, validate_job};

pub use self::error::{FileErrors, FileProblem};
pub use self::locate::{locate, with_places};
pub use self::node::{Content, Node};
use self::source::Source;
pub use self::write::{to_yaml, to_yaml_in_lines};

/// Job, with the place at which it was written.
#[derive(Debug, Clone)]
pub struct Definition {
    pub spec: JobSpec,
    pub file: String,
    node: Arc<Node>,
}

impl Definition {
    /// Problem of this job, with its line.
    pub fn locate(&self, problem: &Problem) -> FileProblem {
        let path = field_path::parse(&problem.field);
        let (line, column) = self.node.nearest(&path);
        FileProblem {
            file: self.file.clone(),
            job: Some(self.spec.job_id.to_string()),
            field: Some(problem.field.clone()).filter(|field| !field.is_empty()),
            line,
            column,
            message: problem.message.clone(),
        }
    }
}

/// Reads files, directories (their `*.yaml`, `*.yml` and `*.json`, without subdirectories) and `-`.
///
/// # Errors
/// All problems in all of them, as one error.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Definition>, FileErrors> {
    let mut definitions = Vec::new();
    let mut problems = Vec::new();
    for source in source::open(paths)? {
        match parse::definitions(&source) {
            Ok(found) => definitions.extend(found),
            Err(errors) => problems.extend(errors.0),
        }
    }
    check(&definitions, &mut problems);
    if problems.is_empty() { Ok(definitions) } else { Err(FileErrors(problems)) }
}

/// Reads a job file from a text. Relative directories in it stay as they are.
pub fn read_text(name: &str, text: &str) -> Result<Vec<Definition>, FileErrors> {
    parse::definitions(&Source { name: name.to_owned(), text: text.to_owned(), directory: PathBuf::new() })
}

/// Documents of a file that is no job file.
pub fn documents(name: &str, text: &str) -> Result<Vec<Node>, FileErrors> {
    parse::documents(&Source { name: name.to_owned(), text: text.to_owned(), directory: PathBuf::new() })
}

/// Checks everything that can be checked without the server. The server reports the same problems, but
/// not their places in the files.
fn check(definitions: &[Definition], problems: &mut Vec<FileProblem>) {
    let now = Timestamp::from(chrono::Utc::now());
    for (index, definition) in definitions.iter().enumerate() {
        let found = validate_job(&definition.spec, now);
        problems.extend(found.iter().map(|problem| definition.locate(problem)));
        let id = &definition.spec.job_id;
        if let Some(first) = definitions[..index].iter().find(|other| other.spec.job_id == *id) {
            let message = format!("is defined twice; the first definition is in {}", first.place());
            problems.push(definition.locate(&Problem::new("job_id", message)));
        }
    }
}

impl Definition {
    fn place(&self) -> String {
        match self.node.nearest(&field_path::parse("job_id")).0 {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}

pub fn specs(definitions: &[Definition]) -> Vec<JobSpec> {
    definitions.iter().map(|definition| definition.spec.clone()).collect()
}
