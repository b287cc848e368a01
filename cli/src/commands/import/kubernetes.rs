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
    remark: "belfry runs no images; see --run-with and --ecs-cluster",
};

/// Convert Kubernetes CronJobs into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kubectl get cronjobs --all-namespaces -o yaml | belfry import kubernetes -
  belfry import kubernetes manifests/*.yaml --run-with docker --output jobs.yaml
  belfry import kubernetes cronjobs.yaml --ecs-cluster batch --ecs-subnet subnet-1 --apply

The command writes the jobs to standard output as YAML, and the losses with their lines to
standard error. With --json both go to standard output. A suspended CronJob becomes a paused job.")]
pub struct KubernetesArgs {
    #[command(flatten)]
    files: Conversion,
    /// Time zone of schedules without timeZone: the zone of the cluster's controller, usually UTC
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Run each image with this program on the worker's host, such as docker or podman
    #[arg(long, value_name = "PROGRAM", conflicts_with = "ecs_cluster")]
    run_with: Option<String>,
    /// Run each CronJob as a task on this ECS cluster, with the task definition of the same name
    #[arg(long, value_name = "CLUSTER")]
    ecs_cluster: Option<String>,
    /// Run the tasks on Fargate, in this subnet; may be repeated
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
