//! What every function needs to know of the invocation that it is in.

use std::time::{Duration, SystemTime};

/// Kept back at an invocation's end for the writes that follow from what was stopped.
pub const MARGIN: Duration = Duration::from_secs(5);

/// How long an invocation still has, from its context's deadline in epoch milliseconds.
pub fn time_left(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(deadline_ms).saturating_sub(now)
}

/// Unique to this instance of the function: what its leases and attempts carry.
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

/// A stream is `2026/11/23/[$LATEST]0123…`: the end alone is unique.
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
