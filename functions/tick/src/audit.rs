//! Daily audit. A lease that lasts until the next audit records that it was done.

use std::time::Duration;

use belfry_domain::Timestamp;
use belfry_engine::{Engine, Result, ports::Acquired};

/// Lease of the audit. No lane of timers has this number.
const AUDIT: u16 = u16::MAX;
/// Time for the audit itself: after it, a failed audit is tried again.
const TRY: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);

/// Audits at the first tick after three o'clock UTC. `owner` must be this call's alone.
///
/// # Errors
/// The audit failed, or the store does not answer.
pub async fn audit_if_due(engine: &Engine, owner: &str) -> Result<()> {
    let leases = &engine.ports.leases;
    let now = engine.ports.clock.now();
    if matches!(engine.take_lane(AUDIT, owner, TRY, 24 * HOUR).await?, Acquired::HeldBy { .. }) {
        return Ok(());
    }
    let mended = engine.audit().await?;
    tracing::info!(mended, "audited");
    leases.acquire(AUDIT, owner, now, next_audit(now)).await?;
    Ok(())
}

fn next_audit(now: Timestamp) -> Timestamp {
    let (day_ms, start_ms) = ((24 * HOUR).as_millis() as i64, (3 * HOUR).as_millis() as i64);
    let days = (now.0 - start_ms).div_euclid(day_ms) + 1;
    Timestamp(days * day_ms + start_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_audit_is_at_three() {
        let next = |now: &str| next_audit(now.parse().unwrap()).to_string();
        assert_eq!(next("2026-11-23T02:59:59Z"), "2026-11-23T03:00:00Z");
        assert_eq!(next("2026-11-23T03:00:00Z"), "2026-11-24T03:00:00Z");
        assert_eq!(next("2026-11-23T22:00:00Z"), "2026-11-24T03:00:00Z");
    }
}
