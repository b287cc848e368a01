use belfry_domain::Timestamp;
use chrono::Utc;
use clap::Args;

use super::{Conversion, Global, Kind, Outcome};
use crate::import::{
    Translation,
    eventbridge::{Import, Options},
};

const KIND: Kind = Kind {
    name: "eventbridge",
    plural: "files",
    remark: "the role of the worker makes the calls, not the roles of the schedules",
};

/// Convert schedules of EventBridge Scheduler into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aws scheduler get-schedule --name nightly | belfry import eventbridge -
  belfry import eventbridge schedules.json --output jobs.yaml
  belfry import eventbridge *.json --ecs-container main --apply

A file contains one schedule, a list of schedules, or several schedules in sequence, as from a
loop:
  aws scheduler list-schedules --query 'Schedules[].[GroupName,Name]' --output text |
    while read -r group name; do aws scheduler get-schedule --group-name \"$group\" --name \"$name\"; done

The command writes the jobs to standard output as YAML, and the losses to standard error. With
--json both go to standard output. A disabled schedule becomes a paused job.")]
pub struct EventbridgeArgs {
    #[command(flatten)]
    files: Conversion,
    /// Container of ECS tasks whose schedules name no container
    #[arg(long, value_name = "NAME")]
    ecs_container: Option<String>,
}

pub async fn run(args: EventbridgeArgs, global: &Global) -> Outcome {
    let options = Options { prefix: args.files.prefix.clone(), ecs_container: args.ecs_container.clone() };
    let mut import = Import::new(&options, Timestamp::from(Utc::now()));
    let mut translation = Translation::default();
    for input in args.files.read()? {
        import.add(&mut translation, &input.name, input.text()?)?;
    }
    import.finish(&mut translation);
    args.files.deliver(&KIND, &translation, global).await
}
