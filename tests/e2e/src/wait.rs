use std::time::Duration;

use tokio::time::{Instant, sleep};

const PAUSE: Duration = Duration::from_millis(10);
/// Longest pause between two looks in a long wait, so that looking doesn't slow down what is looked at.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Looks until there is something to see; panics where there is nothing `within` this time.
pub async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(began.elapsed() < within, "waited {within:?} in vain: {what}");
        sleep(LONGEST_PAUSE.min(PAUSE.max(began.elapsed() / 20))).await;
    }
}
