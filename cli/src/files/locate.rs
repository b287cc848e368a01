//! Places of problems: the engine knows jobs, people know files.

use belfry_domain::Problem;
use belfry_engine::EngineError;

use super::{Definition, FileErrors, FileProblem};

/// Converts problems, given as fields and messages, into problems with places in files. `None` unless
/// all of them have a place.
pub fn locate<'a>(
    problems: impl IntoIterator<Item = (&'a str, &'a str)>,
    definitions: &[Definition],
) -> Option<FileErrors> {
    let located = problems.into_iter().map(|(field, message)| locate_one(field, message, definitions));
    let located: Option<Vec<FileProblem>> = located.collect();
    located.filter(|located| !located.is_empty()).map(FileErrors)
}

/// Adds places in the files to problems that an engine in this process reports.
pub fn with_places(error: anyhow::Error, definitions: &[Definition]) -> anyhow::Error {
    let Some(EngineError::Invalid(problems)) = error.downcast_ref() else { return error };
    let problems = problems.iter().map(|problem| (problem.field.as_str(), problem.message.as_str()));
    locate(problems, definitions).map_or(error, Into::into)
}

/// Place of one problem. Fields have the form `jobs[3].timeout`, `jobs[3] (name): timeout`, or `name:
/// dependencies[0]`.
fn locate_one(field: &str, message: &str, definitions: &[Definition]) -> Option<FileProblem> {
    let indexed = field.strip_prefix("jobs[").and_then(|rest| rest.split_once(']'));
    let (definition, rest) = match indexed {
        Some((index, rest)) => (definitions.get(index.parse::<usize>().ok()?)?, rest),
        None => match field.split_once(": ") {
            Some((job, rest)) => (definitions.iter().find(|other| other.spec.job_id.as_str() == job)?, rest),
            None if definitions.len() == 1 => (definitions.first()?, field),
            None => return None,
        },
    };
    let rest = rest.rsplit_once(": ").map_or(rest, |(_, rest)| rest).trim_start_matches('.');
    Some(definition.locate(&Problem::new(rest, message)))
}
