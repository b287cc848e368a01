//! Lateness of starts after their instant.

use crate::{
    figure::{Figure, percentile},
    rig::{Rig, now_ms, push_at},
};

const PER_SECOND: usize = 1000;
const SECONDS: usize = 20;
/// Lead in milliseconds, so that all executions are registered before the first is due.
const LEAD_MS: i64 = 3_000;

/// Measures a thousand starts a second, one each millisecond.
pub async fn spread() -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::start().await?;
    let first = now_ms() as i64 + LEAD_MS;
    let requests = (0..PER_SECOND * SECONDS).map(|number| push_at(first + number as i64, number)).collect();
    for outcome in rig.standalone.engine.push_all(requests).await {
        outcome?;
    }
    rig.watch.wait_for_ended(PER_SECOND * SECONDS).await;
    let lateness = rig.watch.take_lateness_ms();
    rig.stop().await?;
    Ok(vec![
        Figure::new("lateness at 1,000/s, p50", percentile(&lateness, 0.5), "ms").at_most(2.0),
        Figure::new("lateness at 1,000/s, p99", percentile(&lateness, 0.99), "ms").at_most(10.0),
        Figure::new("lateness at 1,000/s, max", percentile(&lateness, 1.0), "ms"),
    ])
}

/// Measures many starts that are due in the same millisecond.
pub async fn at_one_instant(count: usize, budget_ms: f64) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::start().await?;
    let due = now_ms() as i64 + LEAD_MS;
    let requests = (0..count).map(|number| push_at(due, number)).collect();
    for outcome in rig.standalone.engine.push_all(requests).await {
        outcome?;
    }
    rig.watch.wait_for_ended(count).await;
    let lateness = rig.watch.take_lateness_ms();
    rig.stop().await?;
    Ok(vec![
        Figure::new(format!("lateness of the last of {count} due at once"), percentile(&lateness, 1.0), "ms")
            .at_most(budget_ms),
        Figure::new(format!("lateness of {count} due at once, p50"), percentile(&lateness, 0.5), "ms"),
    ])
}
