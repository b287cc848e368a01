//! Requests to web addresses: one attempt is one request, with redirects inside one origin.
//!
//! Proxy variables are ignored, because a proxy would connect to addresses that the worker must not
//! reach.

mod address;
mod address_policy;
mod answer;
mod client;
mod failure;
mod redirect;
mod request;

use belfry_domain::HttpTarget;
use belfry_engine::ports::{Completion, Invocation};
use reqwest::{Client, Request, Response};
use tokio::select;

use self::failure::Failure;
pub(super) use self::{address_policy::Guard, client::build as build_client, failure::cause};
use super::{Environment, TargetSettings, TargetsError, callback::Callback};

pub(super) struct HttpRunner {
    client: Client,
    guard: Guard,
    environment: Environment,
    output_tail_bytes: usize,
}

impl HttpRunner {
    pub fn new(settings: &TargetSettings, environment: Environment) -> Result<Self, TargetsError> {
        let guard = Guard::new(settings.allow_private_addresses);
        let client = build_client(guard).map_err(|error| TargetsError::HttpClient(cause(&error)))?;
        Ok(Self { client, guard, environment, output_tail_bytes: settings.output_tail_bytes })
    }

    pub async fn run(
        &self,
        target: &HttpTarget,
        invocation: &Invocation,
        callback: Option<&Callback>,
    ) -> Completion {
        let build = request::build(&self.client, target, invocation, callback, &self.environment);
        let request = match build {
            Ok(request) => request,
            Err(error) => return Completion::failed_for_good(error.to_string()),
        };
        select! {
            biased;
            () = invocation.stop.cancelled() => Completion::failed("stopped"),
            completion = self.exchange(request, callback.is_some()) => completion,
        }
    }

    async fn exchange(&self, request: Request, may_call_back: bool) -> Completion {
        match self.send(request).await {
            Ok(response) => answer::completion(response, may_call_back, self.output_tail_bytes).await,
            Err(failure) if failure.is_final() => Completion::failed_for_good(failure.to_string()),
            Err(failure) => Completion::failed(failure.to_string()),
        }
    }

    async fn send(&self, mut request: Request) -> Result<Response, Failure> {
        for _ in 0..=failure::MAX_REDIRECTS {
            self.guard.check_literal(request.url())?;
            let origin = failure::origin(request.url());
            let again = request.try_clone();
            let response =
                self.client.execute(request).await.map_err(|error| Failure::of(&error, &origin))?;
            match again.map(|again| redirect::follow(&response, again)).transpose()?.flatten() {
                Some(next) => request = next,
                None => return Ok(response),
            }
        }
        Err(Failure::TooManyRedirects)
    }
}
