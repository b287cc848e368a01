//! Measures Belfry on this machine, and prints a table or JSON.
//!
//! Everything is durable: the database is a file, and every commit is flushed. Each figure stands
//! beside its budget, and the command fails where a figure misses it.

mod budget;
mod cost;
mod emulator;
mod figure;
mod functions;
mod lateness;
mod process;
mod rig;
mod throughput;
mod tick;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::figure::Figure;

#[derive(Parser)]
#[command(about = "Measures what the README claims, on this machine", args_conflicts_with_subcommands = true)]
struct Options {
    /// Measure something other than belfry in one process
    #[command(subcommand)]
    command: Option<Command>,
    /// Measure only figures that have this in their names
    #[arg(long)]
    only: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// The belfry binary to measure as a process; by default the one beside this program
    #[arg(long)]
    belfry: Option<std::path::PathBuf>,
    /// Executions for the throughput figure
    #[arg(long, default_value_t = 200_000)]
    executions: usize,
}

#[derive(Subcommand)]
enum Command {
    /// Holds what clippy and the tests took, and what the build made, against .ci/budget.toml
    Budget(budget::Options),
    /// Measures the costs of an execution on AWS, counted on an emulator.
    Cost(cost::Options),
    /// Lateness and loss of the installation on an emulator
    Emulator(emulator::Options),
    /// Size, start and memory of the Lambda functions
    Functions(functions::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let figures = match &options.command {
        Some(Command::Budget(options)) => budget::measure(options)?,
        Some(Command::Cost(options)) => cost::measure(options).await?,
        Some(Command::Emulator(options)) => emulator::measure(options).await?,
        Some(Command::Functions(options)) => functions::measure(options).await?,
        None => in_one_process(&options).await?,
    };
    figure::print(&figures, options.json)?;
    Ok(if figures.iter().all(Figure::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn in_one_process(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let wanted = |name: &str| options.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let mut figures: Vec<Figure> = Vec::new();
    if wanted("throughput") {
        figures.extend(throughput::measure(options.executions).await?);
    }
    if wanted("lateness") {
        figures.extend(lateness::spread().await?);
        figures.extend(lateness::at_one_instant(1000, 50.0).await?);
        figures.extend(lateness::at_one_instant(5000, 250.0).await?);
    }
    if wanted("tick") {
        figures.extend(tick::measure().await?);
    }
    if wanted("process") {
        figures.extend(process::measure(options.belfry.as_deref()).await?);
    }
    Ok(figures)
}
