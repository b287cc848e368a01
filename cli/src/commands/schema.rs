use clap::Args;

use super::{DONE, Outcome};
use crate::show;

/// Print the JSON Schema of job files
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry schema > belfry.schema.json

Editors validate a YAML file against the schema if the file begins with:
  # yaml-language-server: $schema=belfry.schema.json")]
pub struct SchemaArgs {}

pub fn run(_args: &SchemaArgs) -> Outcome {
    show::json(&belfry_api::job_file_schema())?;
    DONE
}
