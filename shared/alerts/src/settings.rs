//! Settings of alerts: their receivers, and the conditions that raise alerts.

use std::{fmt, sync::Arc};

use belfry_domain::HumanDuration;
use belfry_engine::ports::{AlertKind, Receiver};
use serde::Deserialize;

use crate::{
    client::{self, ClientError},
    pagerduty::PagerDuty,
    signature::{KeyError, SigningKey},
    slack::Slack,
    webhook::Webhook,
};

const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// Settings of alerts: a file for `belfry up --alerts`, a variable for the functions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// Name of this installation in notices. Default `belfry`.
    pub installation: Option<String>,
    #[serde(default)]
    pub receivers: Vec<ReceiverSettings>,
    #[serde(default)]
    pub success_rate: SuccessRateRule,
    #[serde(default)]
    pub lateness: LatenessRule,
}

/// Settings of a receiver. Each field that may be secret accepts `env:NAME`, for a variable of this
/// process.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReceiverSettings {
    Webhook {
        url: Secret,
        /// Key of the form `whsec_…`.
        signing_key: Secret,
    },
    Pagerduty {
        routing_key: Secret,
        /// Address in place of PagerDuty's own, such as that of its European region.
        url: Option<String>,
    },
    Slack {
        url: Secret,
    },
    Sns {
        topic_arn: String,
        /// Kinds of alerts that the topic gets from elsewhere.
        #[serde(default)]
        except: Vec<AlertKind>,
    },
}

/// Rule for the success rate: fewer successes than this raise an alert.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessRateRule {
    pub percent: f64,
    pub window: HumanDuration,
    /// Minimum number of ended executions in the window. With fewer, no alert is opened.
    pub at_least: u64,
}

impl Default for SuccessRateRule {
    fn default() -> Self {
        Self { percent: 95.0, window: HumanDuration(FIVE_MINUTES), at_least: 20 }
    }
}

/// Rule for lateness: an alert is raised if more than one start in a hundred is later than this.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LatenessRule {
    pub longer_than: HumanDuration,
    pub window: HumanDuration,
    /// Minimum number of starts in the window. With fewer, no alert is opened.
    pub at_least: u64,
}

const FIVE_MINUTES: std::time::Duration = std::time::Duration::from_secs(300);

impl Default for LatenessRule {
    fn default() -> Self {
        Self {
            longer_than: HumanDuration(std::time::Duration::from_secs(10)),
            window: HumanDuration(FIVE_MINUTES),
            at_least: 20,
        }
    }
}

/// Secret that is never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

pub type Receivers = Vec<Arc<dyn Receiver>>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiversError {
    #[error("receiver {0}: the variable {1} is not set")]
    Unset(String, String),
    #[error("receiver {0}: {1}")]
    Key(String, KeyError),
    #[error("receiver {0}: the url must begin with https:// or http://")]
    Url(String),
    #[error("success_rate.percent is {0}; it must be from 0 to 100")]
    Percent(f64),
    #[error("receiver {0}: this build does not support SNS topics")]
    NoAws(String),
    #[error("cannot set up the HTTP client for alerts: {0}")]
    Client(#[from] ClientError),
}

/// Function that looks up an environment variable, from which secrets are read.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

impl AlertSettings {
    /// Whether any receiver is a service of AWS.
    pub fn needs_aws(&self) -> bool {
        self.receivers.iter().any(|receiver| matches!(receiver, ReceiverSettings::Sns { .. }))
    }

    pub fn webhook(url: &str, signing_key: &str) -> ReceiverSettings {
        ReceiverSettings::Webhook { url: url.into(), signing_key: signing_key.into() }
    }

    /// Receivers that the settings describe.
    ///
    /// # Errors
    /// A percentage is out of range, or a secret is missing or has a wrong form. The error repeats no
    /// secret.
    pub fn receivers(
        &self,
        variable: Variable<'_>,
        #[cfg(feature = "aws")] access: &crate::AwsAccess,
    ) -> Result<Receivers, ReceiversError> {
        if !(0.0..=100.0).contains(&self.success_rate.percent) {
            return Err(ReceiversError::Percent(self.success_rate.percent));
        }
        if self.receivers.is_empty() {
            return Ok(Vec::new());
        }
        let client = client::build()?;
        let installation = self.installation.clone().unwrap_or_else(|| "belfry".to_owned());
        let mut receivers: Receivers = Vec::new();
        for settings in &self.receivers {
            let kind = settings.kind();
            let same = receivers.iter().filter(|other| other.name().split('-').next() == Some(kind)).count();
            let name = if same == 0 { kind.to_owned() } else { format!("{kind}-{}", same + 1) };
            let (installation, client) = (installation.clone(), client.clone());
            let secret = |secret: &Secret| secret.resolved(&name, variable);
            receivers.push(match settings {
                ReceiverSettings::Webhook { url, signing_key } => {
                    let key = SigningKey::parse(&secret(signing_key)?);
                    let key = key.map_err(|error| ReceiversError::Key(name.clone(), error))?;
                    Arc::new(Webhook { url: checked(&name, secret(url)?)?, name, installation, client, key })
                }
                ReceiverSettings::Pagerduty { routing_key, url } => {
                    let url = checked(&name, url.clone().unwrap_or_else(|| PAGERDUTY.to_owned()))?;
                    Arc::new(PagerDuty { routing_key: secret(routing_key)?, name, installation, client, url })
                }
                ReceiverSettings::Slack { url } => {
                    Arc::new(Slack { url: checked(&name, secret(url)?)?, name, installation, client })
                }
                #[cfg(feature = "aws")]
                ReceiverSettings::Sns { topic_arn, except } => {
                    let (topic_arn, except, access) = (topic_arn.clone(), except.clone(), access.clone());
                    Arc::new(crate::sns::Sns { name, installation, client, topic_arn, access, except })
                }
                #[cfg(not(feature = "aws"))]
                ReceiverSettings::Sns { .. } => return Err(ReceiversError::NoAws(name)),
            });
        }
        Ok(receivers)
    }
}

impl ReceiverSettings {
    fn kind(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Pagerduty { .. } => "pagerduty",
            Self::Slack { .. } => "slack",
            Self::Sns { .. } => "sns",
        }
    }
}

impl Secret {
    fn resolved(&self, receiver: &str, variable: Variable<'_>) -> Result<String, ReceiversError> {
        let Some(name) = self.0.strip_prefix("env:") else { return Ok(self.0.clone()) };
        let value = variable(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| ReceiversError::Unset(receiver.to_owned(), name.to_owned()))
    }
}

fn checked(receiver: &str, url: String) -> Result<String, ReceiversError> {
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    if is_url { Ok(url) } else { Err(ReceiversError::Url(receiver.to_owned())) }
}
