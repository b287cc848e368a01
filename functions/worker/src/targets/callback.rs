//! Callbacks: address and token for targets that report the end of an attempt themselves.

use belfry_domain::{CompletedBy, ExecutionId};
use belfry_engine::ports::Invocation;
use reqwest::Url;

/// Address and token by which a target reports the end of the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Callback {
    pub url: String,
    pub token: String,
}

/// Error in the worker's configuration. Another attempt would fail alike.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallbackError {
    #[error(
        "this worker has no address for callbacks; set the address of the API (--public-url, BELFRY_PUBLIC_URL)"
    )]
    NoAddress,
    #[error(
        "{0:?} is not a valid address of the API; correct --public-url or BELFRY_PUBLIC_URL of this worker"
    )]
    BadAddress(String),
}

impl Callback {
    /// Callback of an attempt. `None` where the target's answer ends the attempt.
    ///
    /// # Errors
    /// The worker does not know the API's address.
    pub fn of(invocation: &Invocation, public_url: Option<&str>) -> Result<Option<Self>, CallbackError> {
        if invocation.target.completion() == CompletedBy::Answer {
            return Ok(None);
        }
        let base = public_url.ok_or(CallbackError::NoAddress)?;
        let url = address(base, &invocation.execution_id)
            .ok_or_else(|| CallbackError::BadAddress(base.to_owned()))?;
        Ok(Some(Self { url, token: invocation.token.to_string() }))
    }
}

fn address(base: &str, id: &ExecutionId) -> Option<String> {
    let mut url = Url::parse(base).ok()?;
    let action = format!("{id}:finish");
    url.path_segments_mut().ok()?.pop_if_empty().extend(["v1", "executions", &action]);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_executions_own() {
        let at = |base: &str| address(base, &"report@2026-11-23T00:00:00Z".parse().unwrap());
        let expected = "https://b.example/prod/v1/executions/report@2026-11-23T00:00:00Z:finish";
        assert_eq!(at("https://b.example/prod/").as_deref(), Some(expected));
        assert_eq!(at("https://b.example/prod"), at("https://b.example/prod/"));
        assert_eq!(at("b.example"), None);
    }
}
