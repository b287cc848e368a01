//! Errors of the command line, told apart by exit code.

use std::{
    io::{self, ErrorKind},
    process::ExitCode,
};

use belfry_sqlite::OpenError;
use serde_json::json;

use crate::{files::FileErrors, problem::Problem};

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(
        "{0} needs AWS, and this belfry was built without it\nbuild a complete one with `cargo build --release --locked -p belfry`, without --no-default-features"
    )]
    WithoutAws(String),
    #[error(transparent)]
    Refused(#[from] Box<Problem>),
    #[error(
        "no belfry server answers at {url}: {why}\nstart a server with `belfry up`, or set --url or BELFRY_URL"
    )]
    Unreachable { url: String, why: String },
    #[error("{url} answers, but it is not a belfry server: {why}")]
    NotBelfry { url: String, why: String },
}

impl CliError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::NotBelfry { .. } => 1,
            Self::Usage(_) | Self::WithoutAws(_) => 2,
            Self::Unreachable { .. } => 3,
        }
    }
}

/// Reports an error on standard error, to the user, or as JSON to a program.
pub fn report(error: &anyhow::Error, is_json: bool) -> ExitCode {
    // The reader of our output has seen enough: `belfry jobs | head`.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    if is_json {
        eprintln!("{}", as_json(error));
    } else {
        eprintln!("error: {error:#}");
    }
    ExitCode::from(exit_code(error))
}

fn exit_code(error: &anyhow::Error) -> u8 {
    // As with every other layout that is not this process's, nothing but another belfry helps.
    if let Some(OpenError::Newer { .. }) = error.downcast_ref() {
        return 2;
    }
    error.downcast_ref::<CliError>().map_or(1, CliError::exit_code)
}

/// JSON of an error: the server's own problem where it sent one, otherwise a problem of the same form.
fn as_json(error: &anyhow::Error) -> serde_json::Value {
    if let Some(CliError::Refused(problem)) = error.downcast_ref() {
        return problem.document.clone();
    }
    if let Some(errors) = error.downcast_ref::<FileErrors>() {
        return json!({ "title": "Invalid job file", "detail": errors.to_string(), "problems": errors.0 });
    }
    json!({ "title": "Error", "detail": format!("{error:#}") })
}
