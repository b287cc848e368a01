use belfry_domain::Timestamp;
use chrono::Utc;
use clap::Args;

use super::{Conversion, Global, Kind, Outcome};
use crate::import::{
    Translation,
    kubernetes::{Container, Import, Options},
};

const KIND: Kind = Kind {
    name: "kubernetes",
    plural: "manifests",
    remark: "belfry runs no images, see --run-with and --ecs-cluster",
};

/// Turn Kubernetes CronJobs into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kubectl get cronjobs --all-namespaces -o yaml | belfry import kubernetes -
  belfry import kubernetes manifests/*.yaml --run-with docker --output jobs.yaml
  belfry import kubernetes cronjobs.yaml --ecs-cluster batch --ecs-subnet subnet-1 --apply

Jobs go to standard output as YAML, what could not be carried over to standard error, with its line.
With --json both go to standard output. A suspended CronJob becomes a job that begins paused.")]
pub struct KubernetesArgs {
    #[command(flatten)]
    files: Conversion,
    /// The zone of schedules without a timeZone: that of the cluster's controller, mostly UTC
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Run each image with this program on the worker's host: docker, podman, or one like them
    #[arg(long, value_name = "PROGRAM", conflicts_with = "ecs_cluster")]
    run_with: Option<String>,
    /// Run each as a task on this ECS cluster, by a task definition of the CronJob's name
    #[arg(long, value_name = "CLUSTER")]
    ecs_cluster: Option<String>,
    /// On Fargate, in this subnet; repeatable
    #[arg(long, value_name = "SUBNET", requires = "ecs_cluster")]
    ecs_subnet: Vec<String>,
}

impl KubernetesArgs {
    fn container(&self) -> Container {
        match (&self.run_with, &self.ecs_cluster) {
            (Some(program), _) => Container::Runtime(program.clone()),
            (None, Some(cluster)) => {
                Container::Ecs { cluster: cluster.clone(), subnets: self.ecs_subnet.clone() }
            }
            (None, None) => Container::Process,
        }
    }
}

pub async fn run(args: KubernetesArgs, global: &Global) -> Outcome {
    let options = Options {
        prefix: args.files.prefix.clone(),
        timezone: args.timezone.clone(),
        container: args.container(),
    };
    let import = Import { options: &options, now: Timestamp::from(Utc::now()) };
    let mut translation = Translation::default();
    for input in args.files.read()? {
        import.add(&mut translation, &input.name, input.text()?)?;
    }
    args.files.deliver(&KIND, &translation, global).await
}
