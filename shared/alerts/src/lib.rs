//! Receivers of alerts, and the ways to notify them: signed webhooks, PagerDuty, Slack, SNS.
//!
//! | concern | module |
//! |---|---|
//! | the operator's settings | `settings` |
//! | Standard Webhooks signatures, of jobs' requests too | `signature` |
//! | the HTTP client | `client` |
//! | the receivers, one kind each | `webhook`, `pagerduty`, `slack`, `sns` |

mod client;
mod event;
mod pagerduty;
mod settings;
mod signature;
mod slack;
#[cfg(feature = "aws")]
mod sns;
mod webhook;

#[cfg(feature = "aws")]
pub use self::sns::AwsAccess;
pub use self::{
    settings::{AlertSettings, LatenessRule, Receivers, ReceiversError, SuccessRateRule},
    signature::{KeyError, SigningKey},
};
