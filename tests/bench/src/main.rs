//! Measures Belfry on this machine and prints a table and JSON.
//!
//! Everything is durable: the database is a file, and every commit is flushed. Each figure stands
//! beside its budget; the command fails where one is missed.

mod figure;
mod lateness;
mod process;
mod rig;
mod throughput;
mod tick;

use std::process::ExitCode;

use clap::Parser;

use crate::figure::Figure;

#[derive(Parser)]
#[command(about = "Measures what the README claims, on this machine")]
struct Options {
    /// Measure only what has this in its name.
    #[arg(long)]
    only: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// The belfry binary to measure as a process; the one beside this program by default.
    #[arg(long)]
    belfry: Option<std::path::PathBuf>,
    /// Executions for the throughput figure.
    #[arg(long, default_value_t = 200_000)]
    executions: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
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
    figure::print(&figures, options.json)?;
    Ok(if figures.iter().all(Figure::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
