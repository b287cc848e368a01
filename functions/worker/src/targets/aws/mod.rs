//! AWS services as targets: signed JSON over the worker's own HTTP client, because a client crate for
//! each service would make up most of the worker.
//!
//! Connections go only to AWS's own addresses, or to the endpoint that the environment names.

mod answer;
mod client;
mod ecs;
mod eventbridge;
#[cfg(test)]
mod fixtures;
mod lambda;
mod sqs;
mod step_functions;
mod token;

use aws_credential_types::provider::SharedCredentialsProvider;
use belfry_domain::Target;
use belfry_engine::ports::{Completion, Ending, Invocation};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use self::client::{CallError, SignedClient};
use super::callback::Callback;

/// Endpoint of AWS, and the credentials for calls.
#[derive(Clone)]
pub struct AwsAccess {
    /// Region of targets that name none.
    pub region: Option<String>,
    /// Endpoint in place of AWS's own.
    pub endpoint: Option<String>,
    pub credentials: Option<SharedCredentialsProvider>,
}

pub(super) struct AwsRunner {
    access: AwsAccess,
    /// Client, built when it is first needed: reading the host's certificates takes the largest part of
    /// a worker's start.
    client: OnceCell<SignedClient>,
}

impl AwsRunner {
    pub fn new(access: AwsAccess) -> Self {
        Self { access, client: OnceCell::new() }
    }

    async fn client(&self) -> Result<&SignedClient, CallError> {
        self.client.get_or_try_init(async || SignedClient::new(self.access.clone())).await
    }

    /// Runs a target of AWS. `None` for other targets.
    pub async fn run(&self, invocation: &Invocation, callback: Option<&Callback>) -> Option<Completion> {
        tokio::select! {
            biased;
            () = invocation.stop.cancelled() => Some(Completion::failed("stopped")),
            outcome = self.call(invocation, callback) => match outcome {
                Ok(completion) => completion,
                Err(error) => Some(error.into_completion()),
            },
        }
    }

    async fn call(
        &self,
        invocation: &Invocation,
        callback: Option<&Callback>,
    ) -> Result<Option<Completion>, CallError> {
        let client = self.client().await?;
        let outcome = match &invocation.target {
            Target::Lambda(target) => lambda::run(client, target, invocation, callback).await,
            Target::Sqs(target) => sqs::run(client, target, invocation, callback).await,
            Target::EventBridge(target) => eventbridge::run(client, target, invocation).await,
            Target::StepFunctions(target) => step_functions::run(client, target, invocation).await,
            Target::Ecs(target) => ecs::run(client, target, invocation).await,
            _ => return Ok(None),
        };
        outcome.map(|completion| Some(if callback.is_some() { to_come(completion) } else { completion }))
    }
}

type Outcome = Result<Completion, CallError>;

/// Turns a success into a handover: the service has taken the work, and the end will be reported.
fn to_come(completion: Completion) -> Completion {
    match completion.ending {
        Ending::Succeeded { .. } => Completion { ending: Ending::HandedOver, ..completion },
        _ => completion,
    }
}

/// Ids that every target receives, so that it can drop an attempt that it has seen.
fn identity(invocation: &Invocation) -> Value {
    json!({
        "execution_id": invocation.execution_id,
        "run_id": invocation.run_id,
        "attempt": invocation.attempt,
        "fence": invocation.attempt,
    })
}

/// Input as an object that holds the ids beside it.
fn with_identity(invocation: &Invocation) -> Value {
    let mut object = match &invocation.input {
        Value::Object(object) => object.clone(),
        Value::Null => serde_json::Map::new(),
        other => [("input".to_owned(), other.clone())].into_iter().collect(),
    };
    object.insert("belfry".to_owned(), identity(invocation));
    Value::Object(object)
}
