use std::{fs, path::PathBuf};

use belfry_domain::JobSpec;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{DONE, Global, Outcome, executions::tag};
use crate::{
    client::{Call, Client},
    files, show,
};

/// Write all job definitions to one file for `belfry apply`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry export --output jobs.yaml
  belfry export --format json | ssh other belfry apply -f -
  belfry export --tag team=data

The file is complete: it contains every job with every field that was set. Paused jobs start
paused where the file is applied. The file contains no executions.")]
pub struct ExportArgs {
    /// File to write, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Format of the file [default: by the name of the file, else yaml]
    #[arg(long)]
    format: Option<Format>,
    /// Only jobs with this tag
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    tag: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

impl ExportArgs {
    fn format(&self, global: &Global) -> Format {
        let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
        let by_name = self.output.as_ref().is_some_and(is_json) || global.json;
        self.format.unwrap_or(if by_name { Format::Json } else { Format::Yaml })
    }
}

pub async fn run(args: ExportArgs, global: &Global) -> Outcome {
    let specs = definitions(&global.client()?, args.tag.as_ref()).await?;
    let text = match args.format(global) {
        Format::Yaml => format!("# By `belfry export`.\n{}", files::to_yaml(&specs)?),
        Format::Json => serde_json::to_string_pretty(&specs)?,
    };
    match &args.output {
        None => show::line(text.trim_end())?,
        Some(path) => {
            fs::write(path, format!("{}\n", text.trim_end()))
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
            eprintln!("{} jobs in {}", specs.len(), path.display());
        }
    }
    DONE
}

/// Definitions of all jobs. They are read as typed values, so that a field that this version doesn't
/// know is an error, not a loss.
async fn definitions(client: &Client, tag: Option<&String>) -> anyhow::Result<Vec<JobSpec>> {
    let jobs = client.pages(Call::get(["v1", "jobs"]).query("tag", tag), usize::MAX).await?;
    jobs.into_iter().map(|job| Ok(definition(client, job)?)).collect()
}

fn definition(client: &Client, mut job: Value) -> Result<JobSpec, crate::error::CliError> {
    let is_paused = job["status"] == "paused";
    let mut spec: JobSpec = client.decode(job["definition"].take())?;
    spec.paused = is_paused;
    Ok(spec)
}
