//! Precondition: the state that a client may require of a job before it changes the job.

use belfry_domain::Job;

use crate::{EngineError, Result};

/// State that a job must be in for a change to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Any state, or no job at all.
    #[default]
    None,
    /// No job of this name.
    Absent,
    /// A job of this name, in any state.
    Exists,
    /// A job in one of the states with these ETags.
    Is(Vec<String>),
}

impl Precondition {
    pub(crate) fn check(&self, before: Option<&Job>) -> Result<()> {
        let current = before.map_or_else(|| "absent".to_owned(), Job::etag);
        let holds = match self {
            Self::None => true,
            Self::Absent => before.is_none(),
            Self::Exists => before.is_some(),
            Self::Is(tags) => tags.contains(&current),
        };
        if holds { Ok(()) } else { Err(EngineError::PreconditionFailed { current }) }
    }
}
