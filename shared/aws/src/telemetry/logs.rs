//! Logs on standard output as JSON, one object a line, as Lambda expects them.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts the logs. `BELFRY_LOG` is the filter: `debug`, `warn,belfry_engine=info`. Each line carries
/// the ids of the span that it was written in: the invocation's, the execution's, the trace's.
pub fn start_logs() {
    let wanted = std::env::var("BELFRY_LOG").ok().and_then(|text| text.parse().ok());
    let usual =
        || Targets::new().with_default(LevelFilter::INFO).with_target("belfry::access", LevelFilter::WARN);
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).log_internal_errors(false);
    tracing_subscriber::registry().with(lines).with(wanted.unwrap_or_else(usual)).init();
}
