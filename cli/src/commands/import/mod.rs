//! Import of other schedulers' definitions into job files. This module has the parts that all imports
//! share.

mod crontab;
mod eventbridge;
mod kubernetes;
mod python;
mod report;
mod sources;
mod systemd;

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use self::sources::Input;
use super::{DONE, FAILED, Global, Outcome, apply};
use crate::{
    files,
    import::{NoteKind, Translation},
    show,
};

/// Convert definitions of other schedulers into job files
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crontab -l | belfry import crontab --user - --output cron.yaml
  kubectl get cronjobs -o yaml | belfry import kubernetes -
  aws scheduler get-schedule --name nightly | belfry import eventbridge -
  belfry import systemd /etc/systemd/system /usr/lib/systemd/system")]
pub struct ImportArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Crontab(crontab::CrontabArgs),
    Kubernetes(kubernetes::KubernetesArgs),
    Eventbridge(eventbridge::EventbridgeArgs),
    Systemd(systemd::SystemdArgs),
    Celery(python::CeleryArgs),
    Airflow(python::AirflowArgs),
}

/// Where definitions come from, and where the jobs go.
#[derive(Debug, Args)]
struct Conversion {
    /// Files, directories (the files in them), or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Job file to write
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Apply the jobs to the running server
    #[arg(long)]
    apply: bool,
    /// Prefix of every job name
    #[arg(long, default_value = "", value_name = "TEXT")]
    prefix: String,
    /// Exit with 1 if anything was lost; the report lists the losses
    #[arg(long)]
    strict: bool,
}

/// Words for one kind of definitions that can be imported.
struct Kind {
    /// Name of the subcommand, as in `belfry import crontab`.
    name: &'static str,
    /// Plural of the files' name.
    plural: &'static str,
    /// Remark that applies to all jobs of this kind.
    remark: &'static str,
}

pub async fn run(args: ImportArgs, global: &Global) -> Outcome {
    match args.action {
        Action::Crontab(args) => crontab::run(args, global).await,
        Action::Kubernetes(args) => kubernetes::run(args, global).await,
        Action::Eventbridge(args) => eventbridge::run(args, global).await,
        Action::Systemd(args) => systemd::run(args, global).await,
        Action::Celery(args) => python::celery(args, global).await,
        Action::Airflow(args) => python::airflow(args, global).await,
    }
}

impl Conversion {
    fn read(&self) -> anyhow::Result<Vec<Input>> {
        sources::read(&self.files)
    }

    async fn deliver<T: Serialize>(
        &self,
        kind: &Kind,
        translation: &Translation<T>,
        global: &Global,
    ) -> Outcome {
        let jobs = files::to_yaml_in_lines(&translation.jobs)?;
        let yaml = format!("# From {} by `belfry import {}`.\n{jobs}", self.origin(kind), kind.name);
        if let Some(path) = &self.output {
            fs::write(path, &yaml).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        }
        if self.apply && !translation.jobs.is_empty() {
            send(&yaml, global).await?;
        }
        if global.json {
            show::json(&json!({ "jobs": translation.jobs, "report": translation.notes }))?;
        } else {
            if self.output.is_none() && !self.apply {
                show::line(yaml.trim_end())?;
            }
            eprintln!("{}", report::text(kind, translation));
        }
        let is_whole = translation.notes.iter().all(|note| note.kind != NoteKind::NotCarriedOver);
        if self.strict && !is_whole { FAILED } else { DONE }
    }

    fn origin(&self, kind: &Kind) -> String {
        match &self.files[..] {
            [file] => file.display().to_string(),
            files => format!("{} {}", files.len(), kind.plural),
        }
    }
}

async fn send(yaml: &str, global: &Global) -> anyhow::Result<()> {
    let client = global.client()?;
    let definitions = files::read_text("the import", yaml)?;
    apply::send(&client, &definitions, false).await?;
    Ok(())
}
