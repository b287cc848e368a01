use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{DONE, Global, Outcome};
use crate::{
    client::{Call, Client},
    error::CliError,
    files::{self, Definition},
    problem::Problem,
    show::{self, table},
};

/// Create or update jobs from files: all of them, or none if any job is invalid
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry apply -f jobs.yaml
  belfry apply -f jobs/ -f more.json
  generate-jobs | belfry apply -f -
  belfry apply -f jobs.yaml --dry-run     shows what would change

A file contains one job, a list of jobs, or `jobs:` with a list; see `belfry schema`.
A relative working_directory is relative to the directory of the file.")]
pub struct ApplyArgs {
    /// Job file, directory of *.yaml, *.yml and *.json files, or - for standard input
    #[arg(short = 'f', long = "file", required = true, num_args = 1.., value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(args: ApplyArgs, global: &Global) -> Outcome {
    let definitions = files::read(&args.files)?;
    let client = global.client()?;
    let answer = send(&client, &definitions, args.dry_run).await?;
    if global.json {
        show::json(&answer)?;
    } else {
        for line in summary(&answer, args.dry_run) {
            show::line(line)?;
        }
    }
    DONE
}

pub async fn send(client: &Client, definitions: &[Definition], dry_run: bool) -> anyhow::Result<Value> {
    let body = json!({ "jobs": files::specs(definitions), "dry_run": dry_run });
    match client.send(Call::post(["v1", "jobs:apply"]).body(body)).await {
        Ok(answer) => Ok(answer),
        Err(CliError::Refused(problem)) => Err(with_places(*problem, definitions)),
        Err(error) => Err(error.into()),
    }
}

fn with_places(problem: Problem, definitions: &[Definition]) -> anyhow::Error {
    let problems = problem.problems.iter().map(|problem| (problem.field.as_str(), problem.message.as_str()));
    match files::locate(problems, definitions) {
        Some(located) => located.into(),
        None => CliError::Refused(Box::new(problem)).into(),
    }
}

fn summary(answer: &Value, dry_run: bool) -> Vec<String> {
    let outcomes = answer["jobs"].as_array();
    let mut lines = Vec::new();
    let mut table = table::new(["JOB", "CHANGE", "VERSION"]);
    for outcome in outcomes.into_iter().flatten() {
        table.add_row(["job_id", "change", "version"].map(|name| show::plain(&outcome[name])));
    }
    lines.push(table::text(&table));
    if dry_run {
        lines.extend(outcomes.into_iter().flatten().flat_map(difference));
        lines.push("dry run: nothing was changed".to_owned());
    }
    lines
}

fn difference(outcome: &Value) -> Vec<String> {
    let fields = outcome["differences"].as_array().filter(|fields| !fields.is_empty());
    let Some(fields) = fields else { return Vec::new() };
    let mut lines = vec![format!("\n{}", show::plain(&outcome["job_id"]))];
    for field in fields {
        let path = show::plain(&field["path"]);
        let sides = [('-', &field["before"]), ('+', &field["after"])];
        let given = sides.into_iter().filter(|(_, value)| !value.is_null());
        lines.extend(given.map(|(sign, value)| format!("  {sign} {path}: {value}")));
    }
    lines
}
