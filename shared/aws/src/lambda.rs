//! Invocation of a Lambda function: its remaining time, and the name of its instance.

use std::time::{Duration, SystemTime};

/// Time that is kept at an invocation's end, for the writes that follow when attempts are stopped.
pub const MARGIN: Duration = Duration::from_secs(5);

/// Time that an invocation still has, by its context's deadline in epoch milliseconds.
pub fn time_left(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(deadline_ms).saturating_sub(now)
}

/// Name that is unique to this instance of the function. Its leases and attempts carry it.
pub fn instance() -> String {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    match (variable("AWS_LAMBDA_FUNCTION_NAME"), variable("AWS_LAMBDA_LOG_STREAM_NAME")) {
        (Some(function), Some(stream)) => format!("{function}/{}", last_part(&stream)),
        (function, _) => {
            let function = function.unwrap_or_else(|| "belfry".to_owned());
            format!("{function}/{:016x}", rand::random::<u64>())
        }
    }
}

/// Unique part of a log stream's name: the end of `2026/11/23/[$LATEST]0123…`.
fn last_part(stream: &str) -> &str {
    stream.rsplit(['/', ']']).next().unwrap_or(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_in_the_past_leaves_nothing() {
        assert_eq!(time_left(1), Duration::ZERO);
        assert!(time_left(u64::MAX) > Duration::from_secs(1));
    }

    #[test]
    fn the_unique_part_of_a_log_stream() {
        assert_eq!(
            last_part("2026/11/23/[$LATEST]58419525dade4d17a495dceeeed44708"),
            "58419525dade4d17a495dceeeed44708"
        );
        assert_eq!(last_part("plain"), "plain");
    }
}
