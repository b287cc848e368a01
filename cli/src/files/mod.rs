//! Job files: YAML or JSON, with one job, a list of jobs, or `jobs:` with a list; several YAML
//! documents may stand in one file.
//!
//! A relative `working_directory` is taken from the job file's directory, and made absolute when the
//! file is read, because the server knows nothing of the file. Where none is given none is set.

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

/// A job, and where it was written.
#[derive(Debug, Clone)]
pub struct Definition {
    pub spec: JobSpec,
    pub file: String,
    node: Arc<Node>,
}

impl Definition {
    /// A problem of this job, with the line that it is about.
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

/// Reads files, directories (their `*.yaml`, `*.yml` and `*.json`, not deeper) and `-`; all that is
/// wrong in any of them is one error.
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

/// A job file that is no file; relative directories in it stay as they are.
pub fn read_text(name: &str, text: &str) -> Result<Vec<Definition>, FileErrors> {
    parse::definitions(&Source { name: name.to_owned(), text: text.to_owned(), directory: PathBuf::new() })
}

/// The documents of a file of another kind.
pub fn documents(name: &str, text: &str) -> Result<Vec<Node>, FileErrors> {
    parse::documents(&Source { name: name.to_owned(), text: text.to_owned(), directory: PathBuf::new() })
}

/// What can be seen without the server; it would say the same, but not where.
fn check(definitions: &[Definition], problems: &mut Vec<FileProblem>) {
    let now = Timestamp::from(chrono::Utc::now());
    for (index, definition) in definitions.iter().enumerate() {
        let found = validate_job(&definition.spec, now);
        problems.extend(found.iter().map(|problem| definition.locate(problem)));
        let id = &definition.spec.job_id;
        if let Some(first) = definitions[..index].iter().find(|other| other.spec.job_id == *id) {
            let message = format!("is defined twice; the first time in {}", first.place());
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
