//! Runners, one for each kind of target. Every failure of a target is a [`Completion`]: the engine
//! decides between another attempt and the dead letters by whether the failure is final.

#[cfg(feature = "aws")]
mod aws;
mod callback;
mod command;
mod environment;
mod http;
mod tail;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use belfry_domain::Target;
use belfry_engine::ports::{Completion, Invocation, Logs, Runner};

#[cfg(feature = "aws")]
pub use self::aws::AwsAccess;
pub use self::environment::Environment;
use self::{callback::Callback, http::HttpRunner};

/// Permissions of this worker's targets, and limits of their output. The defaults permit least.
#[derive(Debug, Clone)]
pub struct TargetSettings {
    /// Whether processes may be started on this host; the Lambda worker never does.
    pub allow_commands: bool,
    /// Whether HTTP targets may reach private, loopback, link-local and metadata addresses.
    pub allow_private_addresses: bool,
    /// URL at which targets that call back reach the API.
    pub public_url: Option<String>,
    /// Number of bytes that are kept of the end of an attempt's output or answer.
    pub output_tail_bytes: usize,
    /// Maximum size of an attempt's log in bytes, where there is a place for logs.
    pub log_bytes: u64,
    /// Time between SIGTERM and SIGKILL when a process is stopped.
    pub stop_grace: Duration,
}

impl Default for TargetSettings {
    fn default() -> Self {
        Self {
            allow_commands: false,
            allow_private_addresses: false,
            public_url: None,
            output_tail_bytes: 4096,
            log_bytes: 10 << 20,
            stop_grace: Duration::from_secs(2),
        }
    }
}

/// Error that keeps the worker itself from being set up, whatever the targets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetsError {
    #[error("cannot set up the HTTP client: {0}")]
    HttpClient(String),
}

/// Runner of every kind of target that this build knows.
pub struct Targets {
    settings: TargetSettings,
    environment: Environment,
    http: HttpRunner,
    logs: Option<Arc<dyn Logs>>,
    #[cfg(feature = "aws")]
    aws: Option<aws::AwsRunner>,
}

impl Targets {
    pub fn new(settings: TargetSettings) -> Result<Self, TargetsError> {
        Self::with_environment(settings, Environment::of_this_process())
    }

    /// Targets with variables and signing keys from `environment`, not from the process.
    ///
    /// # Errors
    /// The HTTP client can't be set up.
    pub fn with_environment(
        settings: TargetSettings,
        environment: Environment,
    ) -> Result<Self, TargetsError> {
        let http = HttpRunner::new(&settings, environment.clone())?;
        Ok(Self {
            settings,
            environment,
            http,
            logs: None,
            #[cfg(feature = "aws")]
            aws: None,
        })
    }

    /// Targets that keep the full output of commands in `logs`, where the tail is not all.
    pub fn keeping_logs(self, logs: Option<Arc<dyn Logs>>) -> Self {
        Self { logs, ..self }
    }

    /// Targets that include AWS services.
    #[cfg(feature = "aws")]
    pub fn with_aws(self, access: AwsAccess) -> Self {
        Self { aws: Some(aws::AwsRunner::new(access)), ..self }
    }

    #[cfg(feature = "aws")]
    async fn run_aws(&self, invocation: &Invocation, callback: Option<&Callback>) -> Option<Completion> {
        match &self.aws {
            Some(aws) => aws.run(invocation, callback).await,
            None => None,
        }
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the same as with the feature")]
    async fn run_aws(&self, _: &Invocation, _: Option<&Callback>) -> Option<Completion> {
        None
    }
}

#[async_trait]
impl Runner for Targets {
    async fn run(&self, invocation: Invocation) -> Completion {
        let callback = match Callback::of(&invocation, self.settings.public_url.as_deref()) {
            Ok(callback) => callback,
            Err(error) => return Completion::failed_for_good(error.to_string()),
        };
        match &invocation.target {
            Target::Empty {} => Completion::succeeded(None),
            Target::Command(_) if !self.settings.allow_commands => Completion::failed_for_good(
                "this worker runs no commands; set a `pool` whose workers run commands",
            ),
            Target::Command(target) => {
                command::run(&self.settings, &self.environment, self.logs.clone(), target, &invocation).await
            }
            Target::Http(target) => self.http.run(target, &invocation, callback.as_ref()).await,
            other => {
                self.run_aws(&invocation, callback.as_ref()).await.unwrap_or_else(|| unknown(other.kind()))
            }
        }
    }
}

/// Completion for an unknown kind of target. It is not final: another worker of the pool may be able to
/// run it.
fn unknown(kind: &str) -> Completion {
    Completion::failed(format!(
        "this worker cannot run {kind:?} targets; its version is too old, or it has no access to AWS"
    ))
}
