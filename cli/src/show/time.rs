//! Instants and durations for people.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

pub fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Distance such as `in 3m 20s` or `2h 5m ago`: the two largest units.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = at - now;
    if distance.num_seconds() == 0 {
        return "now".to_owned();
    }
    let text = span(distance.abs());
    if distance > TimeDelta::zero() { format!("in {text}") } else { format!("{text} ago") }
}

fn span(distance: TimeDelta) -> String {
    const UNITS: [(&str, i64); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let mut seconds = distance.num_seconds();
    let mut parts = Vec::new();
    for (name, unit) in UNITS {
        if seconds >= unit {
            parts.push(format!("{}{name}", seconds / unit));
            seconds %= unit;
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

/// Duration such as `12 ms`, `1.5 s` or `2m 3s`.
pub fn millis(ms: i64) -> String {
    match ms {
        ..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        _ => span(TimeDelta::milliseconds(ms)),
    }
}

pub fn bytes(count: u64) -> String {
    match count {
        ..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", count as f64 / 1024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_at_most() {
        let now = DateTime::UNIX_EPOCH;
        let at = |seconds| relative(now + TimeDelta::seconds(seconds), now);
        assert_eq!(at(0), "now");
        assert_eq!(at(59), "in 59s");
        assert_eq!(at(3661), "in 1h 1m");
        assert_eq!(at(-86_401), "1d ago");
        assert_eq!(at(90_000), "in 1d 1h");
    }

    #[test]
    fn durations() {
        assert_eq!(["12 ms", "1.5 s", "2m 3s"], [12, 1500, 123_456].map(millis).map(|s| s.leak() as &str));
    }
}
