//! Timeline of an execution: when it waited and when it ran, one line for each attempt.

use chrono::{DateTime, Utc};

use crate::{
    client::wire::{Attempt, Execution},
    show::time,
};

const WIDTH: usize = 40;

/// Timeline from the due instant to the end. `None` before the first attempt.
pub fn text(row: &Execution) -> Option<String> {
    let begin = row.due_at.or(row.created_at)?;
    let end = row.end_time.unwrap_or_else(Utc::now);
    let span = Span { begin, end };
    let lines: Vec<String> = row.attempts.iter().filter_map(|attempt| span.line(attempt)).collect();
    if lines.is_empty() {
        return None;
    }
    let ran: i64 = row.attempts.iter().filter_map(|attempt| span.length_of(attempt)).sum();
    let waited = (span.millis() - ran).max(0);
    let sums = format!(
        "{} from due to {}: {} running, {} waiting",
        time::millis(span.millis()),
        if row.has_ended() { "end" } else { "now" },
        time::millis(ran),
        time::millis(waited)
    );
    Some(format!("timeline ({sums}; █ succeeded or running, ▒ unsuccessful)\n{}", lines.join("\n")))
}

struct Span {
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Span {
    fn millis(&self) -> i64 {
        (self.end - self.begin).num_milliseconds().max(1)
    }

    fn place(&self, at: DateTime<Utc>) -> usize {
        let part = (at - self.begin).num_milliseconds() as f64 / self.millis() as f64;
        ((part * WIDTH as f64).round() as usize).min(WIDTH)
    }

    fn length_of(&self, attempt: &Attempt) -> Option<i64> {
        Some((attempt.end_time.unwrap_or(self.end) - attempt.start_time?).num_milliseconds())
    }

    fn line(&self, attempt: &Attempt) -> Option<String> {
        let from = self.place(attempt.start_time?).min(WIDTH - 1);
        let to = self.place(attempt.end_time.unwrap_or(self.end)).max(from + 1);
        let is_good = matches!(attempt.outcome.as_deref(), Some("succeeded") | None);
        let bar = if is_good { "█" } else { "▒" }.repeat(to - from);
        let outcome = attempt.outcome.as_deref().unwrap_or("running");
        let length = self.length_of(attempt).map(time::millis).unwrap_or_default();
        let waited =
            attempt.waited_ms.map(|ms| format!(", after waiting {}", time::millis(ms))).unwrap_or_default();
        let (before, behind) = ("·".repeat(from), "·".repeat(WIDTH - to));
        Some(format!("  {:>2} {before}{bar}{behind} {outcome} in {length}{waited}", attempt.number))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_shows_where_its_time_went() {
        let attempt = |number: u32, outcome: &str, from: &str, to: &str, waited_ms: i64| {
            json!({
                "number": number, "outcome": outcome, "waited_ms": waited_ms,
                "start_time": format!("2026-11-23T00:00:{from}Z"), "end_time": format!("2026-11-23T00:00:{to}Z"),
            })
        };
        let row: Execution = serde_json::from_value(json!({
            "execution_id": "a@x", "status": "failed", "due_at": "2026-11-23T00:00:00Z",
            "end_time": "2026-11-23T00:00:20Z",
            "attempts": [attempt(1, "failed", "01", "06", 1000), attempt(2, "timed_out", "10", "20", 4000)],
        }))
        .unwrap();
        let expected = "\
timeline (20.0 s from due to end: 15.0 s running, 5.0 s waiting; █ succeeded or running, ▒ unsuccessful)
   1 ··▒▒▒▒▒▒▒▒▒▒···························· failed in 5.0 s, after waiting 1.0 s
   2 ····················▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ timed_out in 10.0 s, after waiting 4.0 s";
        assert_eq!(text(&row).unwrap(), expected);
    }
}
