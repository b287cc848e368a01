//! Log of a running belfry, on standard error.

use std::io::{IsTerminal, stderr};

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, fmt};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Starts the log. `BELFRY_LOG` is the filter, in the usual form: `debug`, `warn,belfry=info`.
pub fn start(format: LogFormat) {
    let filter =
        EnvFilter::try_from_env("BELFRY_LOG").unwrap_or_else(|_| EnvFilter::new("info,belfry::access=warn"));
    // Nobody may be reading the log any more, and telling of that where nobody reads would panic.
    let usual = fmt().with_env_filter(filter).with_writer(stderr).log_internal_errors(false);
    match format {
        LogFormat::Text => usual.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => usual.json().flatten_event(true).init(),
    }
}
