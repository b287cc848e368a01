//! Turns other schedulers' definitions into job files. What all of these have in common is here.

mod crontab;
mod eventbridge;
mod kubernetes;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::{DONE, FAILED, Global, Outcome, apply};
use crate::{
    error::CliError,
    files,
    import::{Note, NoteKind, Translation},
    show::{self, table},
};

/// Turn other schedulers' definitions into job files
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crontab -l | belfry import crontab - --output cron.yaml
  kubectl get cronjobs -o yaml | belfry import kubernetes -
  aws scheduler get-schedule --name nightly | belfry import eventbridge -")]
pub struct ImportArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Crontab(crontab::CrontabArgs),
    Kubernetes(kubernetes::KubernetesArgs),
    Eventbridge(eventbridge::EventbridgeArgs),
}

/// Where definitions come from, and where the jobs go.
#[derive(Debug, Args)]
struct Conversion {
    /// Conversion, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the job file here
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Define the jobs in a running belfry
    #[arg(long)]
    apply: bool,
    /// Before each job's name
    #[arg(long, default_value = "", value_name = "TEXT")]
    prefix: String,
    /// Exit with 1 if something could not be carried over
    #[arg(long)]
    strict: bool,
}

/// What is particular to one kind of definitions.
struct Kind {
    /// As in `belfry import crontab`.
    name: &'static str,
    /// Of several files.
    plural: &'static str,
    /// What is true of all of its jobs.
    remark: &'static str,
}

pub async fn run(args: ImportArgs, global: &Global) -> Outcome {
    match args.action {
        Action::Crontab(args) => crontab::run(args, global).await,
        Action::Kubernetes(args) => kubernetes::run(args, global).await,
        Action::Eventbridge(args) => eventbridge::run(args, global).await,
    }
}

impl Conversion {
    /// Name and text of each, the comments of old files in old encodings.
    fn read(&self) -> anyhow::Result<Vec<(String, String)>> {
        self.files.iter().map(|path| read(path)).collect()
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
            eprintln!("{}", report(kind, translation));
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

fn read(path: &Path) -> anyhow::Result<(String, String)> {
    let name = path.display().to_string();
    if name == "-" {
        return Ok(("standard input".to_owned(), io::read_to_string(io::stdin())?));
    }
    let bytes = fs::read(path).map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
    Ok((name, String::from_utf8_lossy(&bytes).into_owned()))
}

async fn send(yaml: &str, global: &Global) -> anyhow::Result<()> {
    let client = global.client()?;
    let definitions = files::read_text("the import", yaml)?;
    apply::send(&client, &definitions, false).await?;
    Ok(())
}

fn report<T>(kind: &Kind, translation: &Translation<T>) -> String {
    let mut text = format!("{} jobs; {}", translation.jobs.len(), kind.remark);
    if translation.notes.is_empty() {
        return format!("{text}\neverything was carried over");
    }
    let mut table = table::new(["WHERE", "WHAT", "LINE", "WHY"]);
    for Note { file, line, text, kind, reason } in &translation.notes {
        let place = if *line == 0 { file.clone() } else { format!("{file}:{line}") };
        table.add_row([place, kind.as_str().to_owned(), text.clone(), reason.clone()]);
    }
    text.push_str("\n\n");
    text.push_str(&table::text(&table));
    text
}
