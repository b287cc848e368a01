//! Embedded metric format of CloudWatch: JSON that says which of its members are metrics.

use serde_json::{Map, Value, json};

use super::Pending;

const NAMESPACE: &str = "Belfry";
const DIMENSION: &str = "Function";
const START_LATENCY: &str = "StartLatencyMs";
/// Maximum number of values of one metric in one line.
const MAX_VALUES: usize = 100;

/// Lines for the pending metrics: one, or several where a metric has too many values. None where
/// nothing happened.
pub fn lines(function: &str, now_ms: u128, pending: &Pending) -> Vec<String> {
    let mut latencies = pending.start_latency_ms.chunks(MAX_VALUES);
    let mut first = Map::new();
    let mut definitions = Vec::new();
    for (metric, count) in &pending.counts {
        let name = format!("{metric:?}");
        definitions.push(json!({ "Name": name, "Unit": "Count" }));
        first.insert(name, json!(count));
    }
    if let Some(values) = latencies.next() {
        add_latencies(&mut first, &mut definitions, values);
    }
    if definitions.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![line(function, now_ms, first, &definitions)];
    for values in latencies {
        let (mut members, mut definitions) = (Map::new(), Vec::new());
        add_latencies(&mut members, &mut definitions, values);
        lines.push(line(function, now_ms, members, &definitions));
    }
    lines
}

fn add_latencies(members: &mut Map<String, Value>, definitions: &mut Vec<Value>, values: &[u64]) {
    definitions.push(json!({ "Name": START_LATENCY, "Unit": "Milliseconds" }));
    members.insert(START_LATENCY.to_owned(), json!(values));
}

fn line(function: &str, now_ms: u128, mut members: Map<String, Value>, definitions: &[Value]) -> String {
    let metrics = json!({ "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": definitions });
    let header =
        json!({ "Timestamp": u64::try_from(now_ms).unwrap_or(u64::MAX), "CloudWatchMetrics": [metrics] });
    members.insert("_aws".to_owned(), header);
    members.insert(DIMENSION.to_owned(), json!(function));
    Value::Object(members).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::telemetry::Metric;

    #[test]
    fn a_line_says_what_it_measures() {
        let counts = BTreeMap::from([(Metric::Started, 2)]);
        let lines = lines("belfry-worker", 7, &Pending { counts, start_latency_ms: vec![3, 5] });
        let parsed: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(
            parsed,
            json!({
                "_aws": { "Timestamp": 7, "CloudWatchMetrics": [{
                    "Namespace": "Belfry",
                    "Dimensions": [["Function"]],
                    "Metrics": [
                        { "Name": "Started", "Unit": "Count" },
                        { "Name": "StartLatencyMs", "Unit": "Milliseconds" }
                    ]
                }]},
                "Function": "belfry-worker", "Started": 2, "StartLatencyMs": [3, 5]
            })
        );
    }

    #[test]
    fn no_line_for_nothing_and_several_for_many_values() {
        assert!(lines("f", 0, &Pending::default()).is_empty());
        let pending = Pending { counts: BTreeMap::new(), start_latency_ms: (0..250).collect() };
        assert_eq!(lines("f", 0, &pending).len(), 3);
    }
}
