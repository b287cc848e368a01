use clap::Args;
use serde_json::Value;

use super::{DONE, Global, Outcome};
use crate::{
    client::Call,
    show::{self, plain},
};

/// Show six key metrics: success rate, start latency, queue depth, utilisation, retry rate, dead
/// letters
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry stats
  belfry stats --json

The server exports metrics for Prometheus at /metrics.")]
pub struct StatsArgs {}

pub async fn run(_args: StatsArgs, global: &Global) -> Outcome {
    let stats = global.client()?.send(Call::get(["v1", "stats"])).await?;
    if global.json {
        show::json(&stats)?;
        return DONE;
    }
    let latency = &stats["start_latency_ms"];
    let workers = &stats["worker_utilisation"];
    let latency = ["p50", "p90", "p99", "max"].map(|name| format!("{name} {}", number(&latency[name])));
    let running = format!(
        "{} of {} ({})",
        plain(&workers["running"]),
        plain(&workers["capacity"]),
        percent(&workers["ratio"])
    );
    for (name, value) in [
        ("success rate", percent(&stats["success_rate"])),
        ("start latency, ms", latency.join("  ")),
        ("queue depth", plain(&stats["queue_depth"])),
        ("fullest queue", fullest(&stats["queues"])),
        ("workers busy", running),
        ("retry rate", percent(&stats["retry_rate"])),
        ("dead letters", plain(&stats["dead_letters"])),
        ("counted since", plain(&stats["since"])),
    ] {
        show::line(format!("{name:<18} {value}"))?;
    }
    DONE
}

/// Queue that is nearest to its limit.
fn fullest(queues: &Value) -> String {
    let part = |queue: &&Value| {
        let part = |name| queue[name].as_f64().unwrap_or_default();
        part("depth") / part("limit").max(1.0)
    };
    let queues = queues.as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(queue) = queues.iter().max_by(|one, other| part(one).total_cmp(&part(other))) else {
        return "–".to_owned();
    };
    let [pool, priority, depth, limit] =
        ["pool", "priority", "depth", "limit"].map(|name| plain(&queue[name]));
    format!("{pool}/{priority}: {depth} of {limit}")
}

fn percent(ratio: &Value) -> String {
    ratio.as_f64().map_or_else(|| "–".to_owned(), |ratio| format!("{:.1} %", ratio * 100.0))
}

fn number(value: &Value) -> String {
    value.as_f64().map_or_else(|| "–".to_owned(), |number| format!("{number:.1}"))
}
