use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use belfry_aws::{
    Installation,
    dynamodb::{Plan, Stores},
    lambda::{MARGIN, time_left},
    telemetry::{Metric, Metrics},
};
use belfry_engine::{
    Engine, EngineError, Result,
    ports::{Acquired, Lease, StoreError, ZonesInForce},
};
use futures::future::join;
use lambda_runtime::{Context, Error};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::{
    alerts::{AlarmEvent, Alerting},
    audit::audit_if_due,
    pace::{shards_of, until_then},
};

/// Lease of a lane: longer than the function may run. The function gives it up at its end; its length
/// matters when a function crashes.
const LEASE: Duration = Duration::from_secs(90);
/// Age up to which a lane's last tick is fresh: such a lane needs no tick from the second clock.
const FRESH: Duration = Duration::from_secs(75);

/// Lane whose invocation also tends the alerts. An invocation for all lanes does so too.
const ALERTING: u16 = 0;
const TENDING: Duration = Duration::from_secs(25);

/// Event of a clock: `{"lane":0,"lanes":4}` from a lane's schedule, `{"lanes":4}` from the second clock.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Call {
    lane: Option<u16>,
    lanes: u16,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Lanes that were ticked.
    lanes: Vec<u16>,
    fired: u64,
    swept: u64,
}

/// Event that this function is called with: from a clock, or from an alarm of CloudWatch.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    Alarm(AlarmEvent),
    Clock(Call),
}

/// Revision of the graph, and the zone data in force.
type Graph = (u64, Option<ZonesInForce>);

pub struct Tick {
    engine: Engine,
    alerting: Alerting,
    /// Engine that fires timers. It trusts jobs that were read a moment ago, so that it need not read
    /// every due job again.
    firing: Engine,
    stores: Stores,
    metrics: Arc<Metrics>,
}

impl Tick {
    pub fn new(installation: Installation) -> Self {
        let engine = installation.engine();
        let alerting = Alerting::new(&installation);
        let installation = installation.trusting_jobs();
        Self {
            engine,
            alerting,
            firing: installation.engine(),
            stores: installation.stores,
            metrics: installation.metrics,
        }
    }

    pub async fn handle(&self, event: Event, context: &Context) -> std::result::Result<Report, Error> {
        let call = match event {
            Event::Clock(call) => call,
            Event::Alarm(alarm) => {
                alarm.pass_on(&self.engine).await?;
                return Ok(Report::default());
            }
        };
        let time = time_left(context.deadline).saturating_sub(MARGIN);
        let outcome = timeout(time, self.lanes(call, &context.request_id, Instant::now() + time)).await;
        self.metrics.flush();
        if call.lane.is_none_or(|lane| lane == ALERTING) {
            // All leases are given up: however long receivers take, they hold up no tick.
            let left = time_left(context.deadline).saturating_sub(MARGIN).min(TENDING);
            match timeout(left, self.alerting.tend(&self.engine)).await {
                Ok(Err(error)) => {
                    tracing::warn!(%error, "alerts could not be processed; the next tick will retry");
                }
                Err(_) => {
                    tracing::warn!(
                        "alert receivers are slow; the next tick notifies the remaining receivers"
                    );
                }
                Ok(Ok(())) => {}
            }
        }
        Ok(outcome.map_err(|_| "time limit reached; the next tick continues from the cursor")??)
    }

    async fn lanes(&self, call: Call, owner: &str, until: Instant) -> Result<Report> {
        let lanes = call.lanes.max(1);
        let mut report = Report::default();
        let mut failure = None;
        // Of a definition too large for one transaction, if its process died in the middle.
        let (plan, revision, zones) = self.stores.carry_out_plan().await?;
        if let Plan::Unknown { what, why } = plan {
            self.engine.report_unreadable(what, why).await?;
        }
        let graph = (revision, zones);
        let called = call.lane.map_or(0..lanes, |lane| lane..lane.saturating_add(1));
        for lane in called {
            if call.lane.is_none() && self.is_fresh(lane, lanes).await? {
                continue;
            }
            match self.lane(lane, lanes, (owner, &graph), until, &mut report).await {
                Ok(()) => {}
                Err(EngineError::Store(StoreError::Fenced)) => tracing::info!(lane, "another tick took over"),
                Err(error) => {
                    tracing::error!(lane, %error, "tick failed; the next tick will retry");
                    failure = Some(error);
                }
            }
        }
        failure.map_or(Ok(report), Err)
    }

    /// Whether the lane's own clock works: the cursor of its last shard is recent.
    async fn is_fresh(&self, lane: u16, lanes: u16) -> Result<bool> {
        let Some(last) = shards_of(lane, lanes, self.engine.settings.shards.0).next_back() else {
            return Ok(true);
        };
        let cursors = self.engine.ports.leases.cursors().await?;
        let horizon = self.engine.ports.clock.now().plus(self.engine.settings.look_ahead);
        Ok(cursors.get(&last).is_some_and(|cursor| *cursor <= horizon && horizon.since(*cursor) < FRESH))
    }

    async fn lane(
        &self,
        lane: u16,
        lanes: u16,
        (owner, graph): (&str, &Graph),
        until: Instant,
        report: &mut Report,
    ) -> Result<()> {
        let lease = match self.engine.take_lane(lane, owner, LEASE, LEASE).await? {
            Acquired::Leader(lease) => lease,
            Acquired::HeldBy { owner, .. } => {
                tracing::info!(lane, owner, "another tick works on this lane");
                return Ok(());
            }
        };
        let outcome = self.lead(&lease, lanes, graph, until, report).await;
        if let Err(error) = self.engine.ports.leases.release(&lease).await {
            tracing::warn!(lane, %error, "cannot release the lease; the lease will expire");
        }
        outcome
    }

    async fn lead(
        &self,
        lease: &Lease,
        lanes: u16,
        (revision, zones): &Graph,
        until: Instant,
        report: &mut Report,
    ) -> Result<()> {
        let shards = || shards_of(lease.lane, lanes, self.engine.settings.shards.0);
        report.fired += self.firing.tick(lease, until_then(shards(), until)).await?;
        // What was due is on its way: the heartbeat is about that.
        self.metrics.count(Metric::Ticks, 1);
        report.lanes.push(lease.lane);
        let sweep = self.engine.sweep(until_then(shards(), until));
        let audit = async {
            match lease.lane {
                0 => {
                    if let Err(error) = self.engine.tend_zones(*revision, zones.as_ref()).await {
                        // Slots go on by the zone data in force; the next tick tries again.
                        tracing::error!(%error, "cannot put the zone data of this version in force");
                    }
                    audit_if_due(&self.engine, &lease.owner).await
                }
                _ => Ok(()),
            }
        };
        let (swept, audited) = join(sweep, audit).await;
        report.swept += swept?;
        audited
    }
}
