//! Tickers, dispatchers and workers.

use std::time::Duration;

use belfry_domain::{Message, Wave};
use belfry_engine::{EngineError, ports::Acquired};

use super::{Node, change_of};
use crate::plan::Scenario;

const LANE: u16 = 0;
const TICK_MS: u64 = 60_000;
/// Spread of the ticks in milliseconds: EventBridge promises the minute, not the second.
pub const TICK_SPREAD_MS: u64 = 59_000;
/// Percentage of all messages that workers outside get.
const OUTSIDE: u64 = 12;
const LEASE: Duration = Duration::from_secs(90);

impl Node {
    pub(super) async fn tick_for_ever(self, number: u32) {
        let first_ms = self.chance(|rng| rng.below(TICK_MS));
        self.world.sleep_ms(first_ms).await;
        match self.installation.scenario {
            Scenario::LostTicks => self.tick_with_gaps().await,
            Scenario::Mixed | Scenario::Standalone | Scenario::Laptop => self.tick_each_minute(number).await,
        }
    }

    async fn tick_each_minute(&self, number: u32) {
        loop {
            if self.loses_tick() {
                self.note(|| "a tick is lost".to_owned());
            } else {
                if self.has_its_zones(number) {
                    self.adopt_zones().await;
                }
                self.report("tick", self.lead_once().await);
                self.tend_alerts().await;
            }
            // Two tickers with different rhythms meet in all ways.
            self.world.sleep_ms(TICK_MS - 500 + u64::from(number) * 300).await;
        }
    }

    fn has_its_zones(&self, number: u32) -> bool {
        let change = self.installation.zones.as_ref().and_then(|zones| zones.later.get(change_of(number)));
        change.is_none_or(|(at_ms, _)| *at_ms <= self.world.with(|state| state.time.now_ms))
    }

    fn loses_tick(&self) -> bool {
        self.world.with(|state| {
            let is_lost = state.has_faults() && state.faults.loses_ticks && state.rng.percent(30);
            if is_lost {
                state.coverage.add("fault: tick lost");
                state.disturb(0);
            }
            is_lost
        })
    }

    /// Ticks each minute, anywhere in the minute, except that two ticks in a row are lost now and then.
    async fn tick_with_gaps(&self) {
        for minute in 0_u64.. {
            let is_lost = minute % 5 >= 3;
            let delay_ms = self.chance(|rng| rng.below(TICK_SPREAD_MS));
            self.world.sleep_ms(delay_ms).await;
            if is_lost {
                self.world.with(|state| {
                    state.coverage.add("fault: tick lost");
                    state.disturb(0);
                });
            } else {
                self.report("tick", self.lead_once().await);
                self.tend_alerts().await;
            }
            self.world.sleep_ms(TICK_MS - delay_ms).await;
        }
    }

    async fn lead_once(&self) -> Result<(), EngineError> {
        let Acquired::Leader(lease) = self.engine.take_lane(LANE, &self.name, LEASE, LEASE).await? else {
            return Ok(());
        };
        let shards = self.engine.settings.shards;
        let ticked = self.engine.tick(&lease, shards.all()).await;
        let swept = self.engine.sweep(shards.all()).await;
        ticked?;
        swept.map(drop)
    }

    pub(super) async fn dispatch_for_ever(self) {
        loop {
            let wave = self.world.receive_wave().await;
            self.start(self.clone().dispatch(wave));
        }
    }

    async fn dispatch(self, wave: Wave) {
        self.report("dispatch", self.engine.dispatch(wave).await);
    }

    pub(super) async fn work_for_ever(self) {
        loop {
            let message = self.world.receive_message().await;
            if self.chance(|rng| rng.percent(OUTSIDE)) {
                self.start(self.clone().lease(message));
            } else {
                self.start(self.clone().execute(message));
            }
        }
    }

    async fn execute(self, message: Message) {
        self.note(|| format!("take {} #{}", message.execution_id, message.attempt));
        if let Some(handled) = self.report("execute", self.engine.execute(&message, &self.worker).await) {
            self.note(|| format!("{} #{}: {handled:?}", message.execution_id, message.attempt));
        }
    }
}
