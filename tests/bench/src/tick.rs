//! Costs of a tick, by the number of timers that are registered for later.

use std::{sync::Arc, time::Instant};

use belfry::standalone::LANE;
use belfry_engine::ports::{Acquired, LeaseStore as _};

use crate::{
    figure::{Figure, percentile},
    rig::{Rig, now_ms, push_at},
};

const BATCH: usize = 10_000;
const TICKS: usize = 50;
/// Lead of the one-time work in milliseconds, a day.
const LEAD_MS: i64 = 86_400_000;

/// Registers one-time work a day ahead, 10³ to 10⁶, and times ticks in which nothing is due.
pub async fn measure() -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::start().await?;
    let first = now_ms() as i64 + LEAD_MS;
    let mut figures = Vec::new();
    let mut registered = 0;
    for target in [1_000, 10_000, 100_000, 1_000_000] {
        while registered < target {
            let until = (registered + BATCH).min(target);
            let requests = (registered..until).map(|number| push_at(first + number as i64, number)).collect();
            for outcome in rig.standalone.engine.push_all(requests).await {
                outcome?;
            }
            registered = until;
        }
        figures.push(Figure::new(format!("tick with {target} registered, p50"), tick_ms(&rig).await?, "ms"));
    }
    rig.stop().await?;
    Ok(within_reach(figures))
}

/// Sets the budgets: the cost at a million must be of the order of the cost at a thousand.
fn within_reach(figures: Vec<Figure>) -> Vec<Figure> {
    let base = figures.first().map_or(1.0, |figure| figure.value);
    let budget = (base * 3.0).max(2.0);
    figures.into_iter().map(|figure| figure.at_most((budget * 100.0).round() / 100.0)).collect()
}

async fn tick_ms(rig: &Rig) -> anyhow::Result<f64> {
    let engine = Arc::clone(&rig.standalone.engine);
    let now = engine.ports.clock.now();
    let owner = &rig.standalone.owner;
    let until = now.plus(std::time::Duration::from_secs(86_400));
    let Acquired::Leader(lease) = rig.standalone.store.acquire(LANE, owner, now, until).await? else {
        anyhow::bail!("the leadership was lost")
    };
    let mut samples = Vec::with_capacity(TICKS);
    for _ in 0..TICKS {
        let started = Instant::now();
        engine.tick(&lease, engine.settings.shards.all()).await?;
        samples.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    samples.sort_by(f64::total_cmp);
    Ok(percentile(&samples, 0.5))
}
