//! Installation on AWS: the place where the engine's ports are wired.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use belfry_engine::{
    Engine, Settings, StoredAlerts, SystemClock, SystemRandom,
    ports::{Fact, Observer, Ports, SecondClock},
};

use crate::{
    alerts::AwsAlerts,
    config,
    dynamodb::{KeyLayout, LayoutError, Options, Stores, Told},
    environment::{Environment, EnvironmentError},
    scheduler::JobSchedules,
    sqs::SqsQueue,
    telemetry::Metrics,
};

const TRUST: Duration = Duration::from_secs(1);

/// Reason why a process can't work in an installation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallationError {
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

/// Everything that a function or a daemon works with. No request goes to AWS before it is needed,
/// except for credentials and the layout.
pub struct Installation {
    pub ports: Ports,
    pub settings: Settings,
    pub stores: Stores,
    pub queue: Arc<SqsQueue>,
    pub metrics: Arc<Metrics>,
    second_clock: Option<Arc<dyn SecondClock>>,
    /// Configuration for further clients, such as those of targets.
    pub sdk: SdkConfig,
}

impl Installation {
    /// Installation that the environment names, for one of its functions. `function` is the name in its
    /// metrics, where the environment gives none.
    ///
    /// # Errors
    /// A variable has a wrong value, or the installation has another layout.
    pub async fn of_environment(function: &str) -> Result<Self, InstallationError> {
        let opened = Self::of_process(function, false).await;
        opened.inspect_err(|error| tracing::error!(%error, "this function refuses to run"))
    }

    /// Installation that the environment names, for a daemon, which learns the layout from it.
    ///
    /// # Errors
    /// A variable has a wrong value, or the installation has another layout, or none yet.
    pub async fn of_daemon() -> Result<Self, InstallationError> {
        Self::of_process("daemon", true).await
    }

    async fn of_process(name: &str, is_guest: bool) -> Result<Self, InstallationError> {
        let environment = Environment::of_this_process()?;
        let Environment { key_buckets: buckets, shards, .. } = environment;
        let named = ["BELFRY_FUNCTION", "AWS_LAMBDA_FUNCTION_NAME"]
            .map(std::env::var)
            .into_iter()
            .find_map(Result::ok);
        let sdk = config::load().await;
        let layout = KeyLayout::learn(&sdk, &environment.names, Told { buckets, shards, is_guest }).await?;
        Ok(Self::new(&environment, layout, sdk, named.as_deref().unwrap_or(name)))
    }

    pub fn new(environment: &Environment, layout: KeyLayout, sdk: SdkConfig, function: &str) -> Self {
        let metrics = Arc::new(Metrics::new(function));
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        let clock = Arc::new(SystemClock::default());
        let names = environment.names.clone();
        let logged = Arc::new(AwsAlerts::new(sqs.clone(), names.clone(), Arc::clone(&metrics)));
        let options = Options {
            buckets: layout.buckets,
            shards: layout.shards,
            retention: environment.retention,
            ..Options::default()
        };
        let stores = Stores::new(&sdk, &environment.names, options);
        let store = Arc::new(stores.clone());
        let alerts = Arc::new(StoredAlerts { rows: store.clone(), clock: clock.clone(), also: logged });
        let pools = environment.pools.clone();
        let settings = Settings {
            shards: layout.shards,
            retention: environment.retention,
            backlog_limits: environment.backlog_limits.clone(),
            ageing_step: environment.ageing_step,
            ..Settings::default()
        };
        let step = settings.ageing_step;
        let queue = Arc::new(SqsQueue::new(sqs, names, pools, clock.clone(), alerts.clone(), step));
        let second_clock =
            environment.schedule_role_arn.as_deref().map(|role| job_schedules(environment, &sdk, role));
        let ports = Ports::new(store, queue.clone(), clock, Arc::new(SystemRandom), metrics.clone(), alerts);
        Self { ports, settings, stores, queue, metrics, second_clock, sdk }
    }

    /// Adds an observer beside the metrics.
    pub fn observed_by(mut self, other: Arc<dyn Observer>) -> Self {
        let metrics: Arc<dyn Observer> = self.metrics.clone();
        self.ports.observer = Arc::new(Both(metrics, other));
        self
    }

    /// Lets this process use jobs that it read a moment ago, for the tick, which reads the same jobs
    /// each minute. They are read again when the graph has changed. So the tick may fire a slot of a
    /// definition that was replaced a second ago, as a tick that came a second earlier would.
    pub fn trusting_jobs(mut self) -> Self {
        self.ports.jobs = Arc::new(self.stores.trusting_jobs_for(TRUST));
        self
    }

    pub fn engine(&self) -> Engine {
        let engine = Engine::new(self.ports.clone(), self.settings.clone());
        match &self.second_clock {
            Some(clock) => engine.with_second_clock(Arc::clone(clock)),
            None => engine,
        }
    }
}

fn job_schedules(environment: &Environment, sdk: &SdkConfig, role_arn: &str) -> Arc<dyn SecondClock> {
    let names = environment.names.clone();
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    let queue_arn = queue_arn(role_arn, &region, &names.dispatch_queue());
    let client = aws_sdk_scheduler::Client::new(sdk);
    Arc::new(JobSchedules::new(client, names, queue_arn, role_arn.to_owned()))
}

/// ARN of the queue, which is in the account of the role.
fn queue_arn(role_arn: &str, region: &str, queue: &str) -> String {
    let part = |number| role_arn.split(':').nth(number).unwrap_or_default();
    format!("arn:{}:sqs:{region}:{}:{queue}", part(1), part(4))
}

struct Both(Arc<dyn Observer>, Arc<dyn Observer>);

impl Observer for Both {
    fn record(&self, fact: Fact<'_>) {
        self.0.record(fact.clone());
        self.1.record(fact);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dispatch_queue_is_found_by_the_role() {
        let role = "arn:aws:iam::123456789012:role/belfry-scheduler";
        let expected = "arn:aws:sqs:eu-west-1:123456789012:belfry-dispatch";
        assert_eq!(queue_arn(role, "eu-west-1", "belfry-dispatch"), expected);
    }
}
