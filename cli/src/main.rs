//! `belfry`: the scheduler in one process, and the client of one that runs.
//!
//! | what | module |
//! |---|---|
//! | arguments and what each command does | `commands` |
//! | HTTP to a running belfry, and the problems that it answers with | `client`, `problem` |
//! | job files: read, check, say where they are wrong | `files` |
//! | other schedulers' definitions to jobs | `import` |
//! | what `up` tells while it runs | `logging` |
//! | tables, times and JSON for people and programs | `show` |
//! | the engine, its store, workers and API in this process | `belfry::standalone` |
//!
//! Exit codes: 0 done; 1 it failed or was refused; 2 wrong usage, or a store of another layout; 3 no belfry answered.

mod client;
mod commands;
mod error;
mod files;
mod import;
mod logging;
mod problem;
mod show;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let is_json = cli.global.json;
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => error::report(&error, is_json),
    }
}
