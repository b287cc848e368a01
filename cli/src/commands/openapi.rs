use clap::Args;

use super::{DONE, Outcome};
use crate::show;

/// Print the OpenAPI document of the HTTP API
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry openapi > openapi.json

A running server has the same document at /v1/openapi.json.")]
pub struct OpenapiArgs {}

pub fn run(_args: &OpenapiArgs) -> Outcome {
    show::line(serde_json::to_string_pretty(&belfry_api::openapi())?)?;
    DONE
}
