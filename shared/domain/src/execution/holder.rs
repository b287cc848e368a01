//! Holder of a running attempt, and the token by which the attempt is known.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Kind of holder that a running attempt has. It decides what the end of the lease means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// Worker with an engine of its own, which keeps the attempt's time limit itself. When the lease
    /// ends, the worker is gone.
    #[default]
    Worker,
    /// Worker that speaks HTTP only. Its lease never exceeds the attempt's time limit: a lease that
    /// ends with the limit means a timeout; a lease that ends before means that the worker is gone.
    Remote,
    /// Target that reports the end of the attempt itself. Its lease is the attempt's time limit.
    Target,
}

impl Holder {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn is_worker(&self) -> bool {
        *self == Self::Worker
    }
}

/// Token of one claim: its bearer speaks for that attempt, and for no other. It is hard to guess, but
/// no password: the API checks credentials besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimToken {
    pub attempt: u32,
    pub claim_id: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a claim token, such as 1-00c0ffee00c0ffee; send the token unchanged")]
pub struct NoToken(String);

impl fmt::Display for ClaimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.attempt, self.claim_id)
    }
}

impl FromStr for ClaimToken {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let parse = || {
            let (attempt, claim_id) = text.split_once('-')?;
            let token =
                Self { attempt: attempt.parse().ok()?, claim_id: u64::from_str_radix(claim_id, 16).ok()? };
            // Nothing but what was given: no signs, no other number of digits.
            (token.to_string() == text).then_some(token)
        };
        parse().ok_or_else(|| NoToken(text.to_owned()))
    }
}

impl From<ClaimToken> for String {
    fn from(token: ClaimToken) -> Self {
        token.to_string()
    }
}

impl TryFrom<String> for ClaimToken {
    type Error = NoToken;

    fn try_from(text: String) -> Result<Self, NoToken> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_was() {
        for claim_id in [0, 7, u64::MAX] {
            let token = ClaimToken { attempt: 12, claim_id };
            assert_eq!(token.to_string().parse(), Ok(token));
        }
    }

    #[test]
    fn nothing_else_is_one() {
        for text in
            ["", "1", "1-", "-1", "1-1", "+1-0000000000000001", "1-000000000000000g", "1-000000000000000A"]
        {
            assert_eq!(text.parse::<ClaimToken>(), Err(NoToken(text.to_owned())));
        }
    }
}
