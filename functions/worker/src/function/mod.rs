mod deadline;

use std::sync::Arc;

use belfry_aws::{
    Installation, SdkConfig,
    lambda::{MARGIN, instance, time_left},
    sqs::{Answer, Body, Event},
    telemetry::Metrics,
};
use belfry_engine::{Engine, Result, Worker};
use belfry_worker::targets::{AwsAccess, TargetSettings, Targets};
use lambda_runtime::{Context, Error};

use self::deadline::UntilDeadline;

pub struct Function {
    engine: Engine,
    metrics: Arc<Metrics>,
    targets: Arc<Targets>,
    id: String,
}

impl Function {
    pub fn new(installation: Installation) -> std::result::Result<Self, Error> {
        let settings = TargetSettings {
            allow_private_addresses: std::env::var_os("BELFRY_ALLOW_PRIVATE_ADDRESSES").is_some(),
            public_url: std::env::var("BELFRY_PUBLIC_URL").ok().filter(|url| !url.is_empty()),
            ..TargetSettings::default()
        };
        let targets = Targets::new(settings)?.with_aws(access(&installation.sdk));
        let engine = installation.engine();
        Ok(Self { engine, metrics: installation.metrics, targets: Arc::new(targets), id: instance() })
    }

    pub async fn handle(&self, event: &Event, context: &Context) -> std::result::Result<Answer, Error> {
        let time = time_left(context.deadline).saturating_sub(MARGIN);
        let runner = Arc::new(UntilDeadline::new(self.targets.clone(), time));
        let worker = Worker { id: self.id.clone(), runner };
        let alerts = self.engine.ports.alerts.as_ref();
        let answer = event.handle(alerts, async |body| self.execute(body, &worker).await).await;
        self.metrics.flush();
        Ok(answer)
    }

    async fn execute(&self, body: Body, worker: &Worker) -> Result<()> {
        if let Body::Message(message) = body {
            self.engine.execute(&message, worker).await?;
        } else {
            tracing::warn!("dropped a message that is not for a worker");
        }
        Ok(())
    }
}

fn access(sdk: &SdkConfig) -> AwsAccess {
    AwsAccess {
        region: sdk.region().map(ToString::to_string),
        endpoint: sdk.endpoint_url().map(str::to_owned),
        credentials: sdk.credentials_provider(),
    }
}
