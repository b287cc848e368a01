use std::time::Duration;

use belfry_domain::{ExecutionId, GraphError, IdError, IllegalTransition, Priority, Problem, Status};

use crate::ports::StoreError;

#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request itself is wrong; repeating it can't help.
    #[error("{}", join(.0))]
    Invalid(Vec<Problem>),
    #[error("{what} {id:?} does not exist")]
    NotFound { what: &'static str, id: String },
    /// The state does not permit this; repeating the request can't help.
    #[error("{0}")]
    Conflict(String),
    /// Other changes of these rows came first, again and again. Repeating the request is right.
    #[error("other requests keep changing {0}; try again")]
    Contended(String),
    /// The idempotency key was used for another request before.
    #[error(
        "the idempotency key was used before for a different request, see execution {id}; repeat that request \
         unchanged, or use another key"
    )]
    KeyReused { id: ExecutionId },
    /// The client's `If-Match` does not name the current state.
    #[error("the job was changed since the client read it; the current state is {current}")]
    PreconditionFailed { current: String },
    /// The queue is full. Repeating the request is right, but not at once.
    #[error(
        "the queue {pool}/{priority} is full: its depth is {depth}, its limit is {limit} (--backlog-limit)"
    )]
    Backlogged { pool: String, priority: Priority, depth: u64, limit: u64, retry_after: Duration },
    #[error("the execution is {status} and cannot be {verb}")]
    WrongStatus { status: Status, verb: &'static str },
}

fn join(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl EngineError {
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(field, message)])
    }
}

/// Converts a refused transition: the row has changed since it was read.
impl From<IllegalTransition> for EngineError {
    fn from(illegal: IllegalTransition) -> Self {
        Self::Conflict(illegal.to_string())
    }
}

impl From<IdError> for EngineError {
    fn from(error: IdError) -> Self {
        Self::invalid("id", error.to_string())
    }
}

impl From<GraphError> for EngineError {
    fn from(error: GraphError) -> Self {
        Self::invalid("dependencies", error.to_string())
    }
}
