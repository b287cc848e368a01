//! Summary of a job's last executions, in a few lines.

use std::fmt::Write as _;

use serde_json::Value;

use crate::show::time;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const WIDTH: usize = 60;

/// Summary of a timeline (JSON of the API) as text. `None` where no execution has ended.
pub fn text(timeline: &Value) -> Option<String> {
    let summary = &timeline["summary"];
    let count = |name: &str| summary[name].as_u64().unwrap_or_default();
    if count("ended") == 0 {
        return None;
    }
    let mut text = format!(
        "{:<12} {} succeeded, {} failed, {} took more than one attempt",
        format!("last {}", count("ended")),
        count("succeeded"),
        count("failed"),
        count("retried")
    );
    for (label, name) in [("took", "duration_ms"), ("lateness", "lateness_ms")] {
        let spread = spread(&summary[name]);
        if !spread.is_empty() {
            let _ = write!(text, "\n{label:<12} {spread}");
        }
    }
    if let Some(trend) = trend(&summary["trend"]) {
        let _ = write!(text, "\ntrend        {} {trend}", bars(&timeline["items"]));
    }
    Some(text)
}

fn spread(spread: &Value) -> String {
    let one = |name: &str| Some(format!("{name} {}", time::millis(spread[name].as_i64()?)));
    ["p50", "p95", "max"].into_iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

fn trend(trend: &Value) -> Option<String> {
    let (older, newer) = (trend["older_p50_ms"].as_f64()?, trend["newer_p50_ms"].as_f64()?);
    let change = if older > 0.0 { (newer / older - 1.0) * 100.0 } else { 0.0 };
    let word = match change {
        ..-5.0 => "faster",
        5.0.. => "slower",
        _ => return Some("the newer half took as long as the older half".to_owned()),
    };
    Some(format!(
        "the newer half was {:.0} % {word}: p50 {}, was {}",
        change.abs(),
        time::millis(newer as i64),
        time::millis(older as i64)
    ))
}

/// Bars for the durations of the newest successes, the oldest of them first.
fn bars(items: &Value) -> String {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    let successes = items.iter().filter(|item| item["status"] == "success");
    let durations: Vec<f64> = successes.filter_map(|item| item["duration_ms"].as_f64()).take(WIDTH).collect();
    let longest = durations.iter().copied().fold(1.0, f64::max);
    let top = (BARS.len() - 1) as f64;
    durations.iter().rev().map(|duration| BARS[(duration / longest * top).round() as usize]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_is_a_few_lines() {
        let item = |ms: u64| json!({ "status": "success", "duration_ms": ms });
        let timeline = json!({
            "items": [item(2000), item(2000), {"status": "failed", "duration_ms": 9}, item(1000), item(0)],
            "summary": {
                "ended": 5, "succeeded": 4, "failed": 1, "retried": 2,
                "duration_ms": {"p50": 1000, "p95": 2000, "max": 2000},
                "lateness_ms": {"p50": 3, "p95": 8, "max": 8},
                "trend": {"older_p50_ms": 1000, "newer_p50_ms": 2000},
            }
        });
        let expected = "\
last 5       4 succeeded, 1 failed, 2 took more than one attempt
took         p50 1.0 s, p95 2.0 s, max 2.0 s
lateness     p50 3 ms, p95 8 ms, max 8 ms
trend        ▁▅██ the newer half was 100 % slower: p50 2.0 s, was 1.0 s";
        assert_eq!(text(&timeline).unwrap(), expected);
        assert_eq!(text(&json!({ "items": [], "summary": { "ended": 0 } })), None);
    }
}
