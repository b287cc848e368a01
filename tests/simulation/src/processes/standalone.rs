//! Standalone process: it recovers what the last one left behind, and then does a leader's work.

use std::time::Duration;

use belfry_domain::Timestamp;
use belfry_engine::ports::{Acquired, Lease};

use super::Node;

const LANE: u16 = 0;
const LEASE: Duration = Duration::from_secs(6);
const RENEW_MS: u64 = 2_000;
const LOOK_MS: u64 = 500;
const TICK_MS: u64 = 1_000;

impl Node {
    pub(super) async fn stand_alone(self) {
        let lease = self.await_leadership().await;
        let shards = self.engine.settings.shards;
        self.adopt_zones().await;
        if self.report("rewind", self.engine.rewind(&lease, shards.all()).await).is_none() {
            self.world.die(self.process).await;
        }
        self.start(self.clone().hold_leadership());
        self.start(self.clone().sweep_for_ever());
        self.start(self.clone().dispatch_for_ever());
        self.start(self.clone().work_for_ever());
        self.start(self.clone().answer_calls());
        self.start(self.clone().tend_for_ever());
        self.start(self.clone().end_for_new_zones());
        self.clone().ask();
        loop {
            self.report("tick", self.engine.tick(&lease, shards.all()).await);
            self.world.sleep_ms(TICK_MS).await;
        }
    }

    /// First what the last one left behind.
    async fn sweep_for_ever(self) {
        let shards = self.engine.settings.shards;
        while self.report("recover", self.engine.recover(shards.all()).await).is_none() {
            self.world.sleep_ms(TICK_MS).await;
        }
        loop {
            self.report("sweep", self.engine.sweep(shards.all()).await);
            self.world.sleep_ms(TICK_MS).await;
        }
    }

    /// Ends the process when new zone data come; its successor has them.
    async fn end_for_new_zones(self) {
        let now_ms = self.world.with(|state| state.time.now_ms);
        let changes = self.installation.zones.iter().flat_map(|zones| &zones.later);
        if let Some((at_ms, _)) = changes.into_iter().find(|(at_ms, _)| *at_ms > now_ms) {
            self.world.sleep_ms(at_ms - now_ms).await;
            self.world.die(self.process).await;
        }
    }

    async fn tend_for_ever(self) {
        loop {
            self.tend_alerts().await;
            self.world.sleep_ms(TICK_MS).await;
        }
    }

    async fn await_leadership(&self) -> Lease {
        loop {
            if let Some(Acquired::Leader(lease)) = self.acquire().await {
                return lease;
            }
            self.world.sleep_ms(LOOK_MS).await;
        }
    }

    async fn hold_leadership(self) {
        loop {
            self.world.sleep_ms(RENEW_MS).await;
            if let Some(Acquired::HeldBy { .. }) = self.acquire_after(Timestamp::MIN).await {
                self.world.die(self.process).await;
            }
        }
    }

    async fn acquire(&self) -> Option<Acquired> {
        // The operating system's lock shows that whoever holds the lease is dead: there is one process at a
        // time here.
        let held = self.acquire_after(Timestamp::MIN).await?;
        let Acquired::HeldBy { until, .. } = held else { return Some(held) };
        self.acquire_after(Timestamp(until.0 + 1)).await
    }

    async fn acquire_after(&self, end: Timestamp) -> Option<Acquired> {
        let until = self.engine.ports.clock.now().plus(LEASE);
        let acquired = self.engine.ports.leases.acquire(LANE, &self.name, end, until).await;
        self.report("acquire", acquired.map_err(Into::into))
    }
}
