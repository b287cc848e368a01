//! Commands for an installation on AWS. Every build has them, with the same arguments and help. A build
//! without the feature `aws` answers how to get one that can run them.

mod arguments;
#[cfg(feature = "aws")]
mod lanes;
#[cfg(feature = "aws")]
mod worker;

pub use self::arguments::{LanesArgs, WorkerArgs};
#[cfg(not(feature = "aws"))]
pub use self::without::{lanes, worker};
#[cfg(feature = "aws")]
pub use self::{lanes::run as lanes, worker::run as worker};
use crate::error::CliError;

/// Whether this build has AWS.
pub const IS_COMPILED_IN: bool = cfg!(feature = "aws");

/// Checks that this build has AWS, which `what` needs. Call it before anything is changed.
///
/// # Errors
/// This build was made without AWS.
pub fn require(what: &str) -> Result<(), CliError> {
    if IS_COMPILED_IN { Ok(()) } else { Err(CliError::WithoutAws(what.to_owned())) }
}

#[cfg(not(feature = "aws"))]
mod without {
    use std::future::{Ready, ready};

    use super::{LanesArgs, WorkerArgs, require};
    use crate::commands::{DONE, Global, Outcome};

    pub fn worker(_: WorkerArgs) -> Ready<Outcome> {
        ready(require("`belfry worker`").map_err(Into::into).and(DONE))
    }

    pub fn lanes(_: LanesArgs, _: &Global) -> Ready<Outcome> {
        ready(require("`belfry lanes`").map_err(Into::into).and(DONE))
    }
}
