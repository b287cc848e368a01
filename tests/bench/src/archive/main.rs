//! Fills an archive through its real writer, asks DuckDB about it, and prints how long both took.
//!
//! DuckDB comes from the Python package index, into an environment beside the other build products.

mod duckdb;
mod made_up;

use std::{fs, path::Path, process::ExitCode, time::Instant};

use belfry_files::FolderArchive;
use clap::Parser;
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;

/// Number of executions in one call of the archive, as the engine makes it.
const AT_ONCE: usize = 10_000;

#[derive(Parser)]
#[command(
    about = "Writes an archive of made-up executions and asks DuckDB about it",
    after_help = "\
Examples:
  belfry-archive-bench                               ten million executions; needs 1.5 GB of disk
  belfry-archive-bench --executions 100000 --json"
)]
struct Options {
    #[arg(long, default_value_t = 10_000_000, value_parser = positive)]
    executions: usize,
    /// Days over which the executions are spread
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "must be a whole number from 1".to_owned())
}

#[derive(Serialize)]
struct Report {
    executions: usize,
    files: u64,
    bytes: u64,
    write_seconds: f64,
    query_seconds: f64,
    /// Rows of the query's answer: one for each job.
    rows: Vec<Value>,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let python = duckdb::python()?;
    let folder = TempDir::with_prefix("belfry-archive-")?;
    let began = Instant::now();
    fill(&FolderArchive::open(folder.path())?, options.executions, options.days)?;
    let write_seconds = began.elapsed().as_secs_f64();
    let (files, bytes) = size(folder.path())?;
    let answer = duckdb::ask(&python, folder.path())?;
    let query_seconds = answer["seconds"].as_f64().unwrap_or_default();
    let rows = answer["rows"].as_array().cloned().unwrap_or_default();
    let executions = options.executions;
    let report = Report { executions, files, bytes, write_seconds, query_seconds, rows };
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    let counted: u64 = report.rows.iter().filter_map(|row| row["executions"].as_u64()).sum();
    Ok(if counted == executions as u64 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fill(archive: &FolderArchive, executions: usize, days: u32) -> anyhow::Result<()> {
    for first in (0..executions).step_by(AT_ONCE) {
        let numbers = first..executions.min(first + AT_ONCE);
        let made_up = numbers.map(|number| made_up::execution(number, executions, days));
        archive.write(&made_up.collect::<anyhow::Result<Vec<_>>>()?)?;
    }
    Ok(())
}

/// Number of the files and of their bytes.
fn size(folder: &Path) -> anyhow::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for day in fs::read_dir(folder)? {
        for file in fs::read_dir(day?.path())? {
            files += 1;
            bytes += file?.metadata()?.len();
        }
    }
    Ok((files, bytes))
}

fn print(report: &Report) {
    let Report { executions, files, bytes, write_seconds, query_seconds, rows } = report;
    let each = *bytes as f64 / *executions as f64;
    println!("{executions} executions in {files} files: {} MB, {each:.0} bytes each", bytes / 1_000_000);
    println!("written in {write_seconds:.1} s, durably; asked in {query_seconds:.1} s:\n\n{}", duckdb::QUERY);
    for row in rows.iter().take(3) {
        println!("{row}");
    }
    println!("… {} rows in all", rows.len());
}
