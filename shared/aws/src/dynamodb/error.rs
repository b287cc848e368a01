//! Translation of the SDK's errors into those of the ports.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use belfry_engine::ports::StoreError;

/// Reason why a call failed.
pub(crate) enum Failure {
    /// Nothing was written, and the same call may succeed in a moment: another write of the same row is
    /// under way, or a transaction is throttled.
    Busy(String),
    Final(StoreError),
}

impl Failure {
    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Self::Busy(why) => StoreError::Unavailable(why),
            Self::Final(error) => error,
        }
    }
}

/// Error codes with which DynamoDB says that the request is wrong and a repetition is useless.
const BUGS: [&str; 4] =
    ["ValidationException", "SerializationException", "ResourceNotFoundException", "AccessDeniedException"];
const BUSY: [&str; 2] = ["TransactionConflictException", "TransactionInProgressException"];

/// Classifies an error of the SDK. The SDK has repeated what can be repeated, except a conflict with a
/// transaction.
pub(crate) fn failure<E, R>(call: &str, error: SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default().to_owned();
    let why = format!("{call}: {}", DisplayErrorContext(error));
    if BUSY.contains(&code.as_str()) {
        return Failure::Busy(why);
    }
    if BUGS.contains(&code.as_str()) {
        tracing::error!(call, why, "DynamoDB rejected a request");
    }
    Failure::Final(StoreError::Unavailable(why))
}

pub(crate) fn unavailable(why: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(why.to_string())
}

pub(crate) fn unreadable(what: impl Into<String>, why: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { what: what.into(), why: why.to_string() }
}
