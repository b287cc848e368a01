//! Log of a running belfry, on standard error.

use std::{
    env,
    io::{IsTerminal, stderr},
};

use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Starts the log. `BELFRY_LOG` is the filter: `debug`, `warn,belfry=info`.
pub fn start(format: LogFormat) {
    let wanted = env::var("BELFRY_LOG").ok().and_then(|text| text.parse().ok());
    let usual = || Targets::new().with_default(Level::INFO).with_target("belfry::access", Level::WARN);
    // Nobody may be reading the log any more, and telling of that where nobody reads would panic.
    let lines = fmt::layer().with_writer(stderr).log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines).with(wanted.unwrap_or_else(usual)).init();
}
