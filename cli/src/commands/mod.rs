//! Commands, one module each.

mod alerts;
mod apply;
mod aws;
mod backfill;
mod backfills;
mod circuit;
mod completions;
mod dead_letters;
mod doctor;
mod execution_view;
mod executions;
mod export;
mod full_log;
mod graph;
mod import;
mod job_summary;
mod jobs;
mod logs;
mod openapi;
mod operate;
mod payload;
mod push;
mod rerun;
mod run;
mod schedule;
mod schema;
mod stats;
mod timeline;
mod token;
mod trigger;
pub mod up;
mod wait;
mod workers;

use std::{future::Future, pin::Pin, process::ExitCode, sync::LazyLock};

use belfry::zones;
use belfry_domain::ZoneData;
use clap::{Args, Parser, Subcommand};

use crate::client::Client;

pub type Outcome = anyhow::Result<ExitCode>;

const DONE: Outcome = Ok(ExitCode::SUCCESS);
/// Outcome of a command that did what was asked, with a bad result, such as a failed execution.
const FAILED: Outcome = Ok(ExitCode::FAILURE);

/// A job scheduler: start a server with `belfry up`, or manage a running server.
#[derive(Debug, Parser)]
#[command(name = "belfry", version, long_version = VERSION.as_str(), after_help = EXAMPLES, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Version, with what this build includes and the zone data that `belfry up` may put in force.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (bundled, system) = (ZoneData::bundled(), zones::system());
    let aws = if aws::IS_COMPILED_IN { "compiled in" } else { "not compiled in" };
    let version = env!("CARGO_PKG_VERSION");
    format!("{version}\nAWS: {aws}\nzone data: {} compiled in, {system}", bundled.release())
});

const EXAMPLES: &str = "\
Examples:
  belfry up --apply examples              start a server with these jobs
  belfry run examples/nightly-chain.yaml  run the jobs of a file once, without a server
  belfry apply -f jobs.yaml               create or update jobs
  belfry executions --status failed       list failed executions
  belfry schedule next '0 9 * * MON-FRI' --tz Europe/Berlin

Exit codes: 0 success, 1 failure or refusal, 2 wrong usage, 3 no answer from a server.";

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Address of the belfry server
    #[arg(
        long,
        global = true,
        env = "BELFRY_URL",
        default_value = "http://127.0.0.1:7433",
        value_name = "URL"
    )]
    pub url: String,
    /// Bearer token for the server
    #[arg(long, global = true, env = "BELFRY_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    pub fn client(&self) -> anyhow::Result<Client> {
        Client::new(&self.url, self.token.clone())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::UpArgs),
    Worker(aws::WorkerArgs),
    Lanes(aws::LanesArgs),
    Run(run::RunArgs),
    Apply(apply::ApplyArgs),
    Jobs(jobs::JobsArgs),
    Trigger(trigger::TriggerArgs),
    Push(push::PushArgs),
    Backfill(backfill::BackfillArgs),
    Backfills(backfills::BackfillsArgs),
    Executions(executions::ExecutionsArgs),
    Logs(logs::LogsArgs),
    Cancel(operate::CancelArgs),
    Retry(operate::RetryArgs),
    Rerun(rerun::RerunArgs),
    Pause(operate::PauseArgs),
    Resume(operate::ResumeArgs),
    Circuit(circuit::CircuitArgs),
    DeadLetters(dead_letters::DeadLettersArgs),
    Alerts(alerts::AlertsArgs),
    Workers(workers::WorkersArgs),
    Stats(stats::StatsArgs),
    Graph(graph::GraphArgs),
    Schedule(schedule::ScheduleArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Doctor(doctor::DoctorArgs),
    Token(token::TokenArgs),
    Schema(schema::SchemaArgs),
    Openapi(openapi::OpenapiArgs),
    Completions(completions::CompletionsArgs),
}

pub fn run(cli: Cli) -> Outcome {
    let global = cli.global;
    match cli.command {
        Command::Up(args) => many_threads(up::run(args)),
        Command::Worker(args) => many_threads(aws::worker(args)),
        Command::Lanes(args) => one_thread(aws::lanes(args, &global)),
        Command::Run(args) => many_threads(run::run(args, &global)),
        Command::Apply(args) => one_thread(apply::run(args, &global)),
        Command::Jobs(args) => one_thread(jobs::run(args, &global)),
        Command::Trigger(args) => one_thread(trigger::run(args, &global)),
        Command::Push(args) => one_thread(push::run(args, &global)),
        Command::Backfill(args) => one_thread(backfill::run(args, &global)),
        Command::Backfills(args) => one_thread(backfills::run(args, &global)),
        Command::Executions(args) => one_thread(executions::run(args, &global)),
        Command::Logs(args) => one_thread(logs::run(args, &global)),
        Command::Cancel(args) => one_thread(operate::cancel(args, &global)),
        Command::Retry(args) => one_thread(operate::retry(args, &global)),
        Command::Rerun(args) => one_thread(rerun::run(args, &global)),
        Command::Pause(args) => one_thread(operate::pause(args, &global)),
        Command::Resume(args) => one_thread(operate::resume(args, &global)),
        Command::Circuit(args) => one_thread(circuit::run(args, &global)),
        Command::DeadLetters(args) => one_thread(dead_letters::run(args, &global)),
        Command::Alerts(args) => one_thread(alerts::run(args, &global)),
        Command::Workers(args) => one_thread(workers::run(args, &global)),
        Command::Stats(args) => one_thread(stats::run(args, &global)),
        Command::Graph(args) => one_thread(graph::run(args, &global)),
        Command::Schedule(args) => schedule::run(args, &global),
        Command::Import(args) => one_thread(import::run(args, &global)),
        Command::Export(args) => one_thread(export::run(args, &global)),
        Command::Doctor(args) => one_thread(doctor::run(args, &global)),
        Command::Token(args) => one_thread(token::run(args, &global)),
        Command::Schema(args) => schema::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

fn one_thread(command: impl Future<Output = Outcome>) -> Outcome {
    drive(tokio::runtime::Builder::new_current_thread(), Box::pin(command))
}

fn many_threads(command: impl Future<Output = Outcome>) -> Outcome {
    drive(tokio::runtime::Builder::new_multi_thread(), Box::pin(command))
}

/// Runs a command to its end. The runtime is compiled once, not once for each command.
fn drive(
    mut runtime: tokio::runtime::Builder,
    command: Pin<Box<dyn Future<Output = Outcome> + '_>>,
) -> Outcome {
    runtime.enable_all().build()?.block_on(command)
}
