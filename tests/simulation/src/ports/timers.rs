//! Key of a timer.

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp};
use belfry_engine::ports::{Position, TimerPage, TimerStore};

use super::{Chaos, Result};

#[async_trait]
impl TimerStore for Chaos {
    async fn put_timers(&self, timers: Vec<Timer>) -> Result<()> {
        if timers.is_empty() {
            return Ok(());
        }
        let timers = self.backend.kept(timers, self.world.with(|state| state.wall_of(self.process)));
        self.call("put_timers", async {
            self.backend.store.put_timers(timers.clone()).await?;
            self.world.with(|state| {
                state.judge_misfires(&timers);
                state.note_timers(self.process, "put", &timers);
                state.shadow.put_timers(&timers);
            });
            Ok(())
        })
        .await
    }

    async fn remove_timer(&self, key: &TimerKey) -> Result<()> {
        self.call("remove_timer", async {
            self.backend.store.remove_timer(key).await?;
            self.note(|| format!("remove timer {} at {}", key.what, key.fire_at));
            self.world.with(|state| state.shadow.remove_timer(key));
            Ok(())
        })
        .await
    }

    async fn remove_unchanged(&self, timer: &Timer) -> Result<()> {
        self.call("remove_unchanged", async {
            self.backend.store.remove_unchanged(timer).await?;
            self.world.with(|state| {
                if state.shadow.timers.get(&timer.key).is_some_and(|now| now.version == timer.version) {
                    state.note(self.process, || {
                        format!("clear timer {} at {}", timer.key.what, timer.key.fire_at)
                    });
                    state.shadow.remove_timer(&timer.key);
                }
            });
            Ok(())
        })
        .await
    }

    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage> {
        let looks_away = self.world.with(|state| {
            let (now, depth) = (state.wall_of(self.process), state.network.depth());
            self.backend.looks_away(from, until, now, depth)
        });
        if looks_away {
            return Ok(TimerPage::default());
        }
        let mut page = self.call("due", self.backend.store.due(shard, from, until, limit)).await?;
        self.world.with(|state| {
            if state.has_faults() && state.faults.poisons && state.rng.percent(2) {
                state.coverage.add("fault: quarantined timer");
                page.unknown.push(("timer".to_owned(), "not a timer that this version knows".to_owned()));
            }
        });
        Ok(page)
    }

    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>> {
        self.call("timers_of_jobs", self.backend.store.timers_of_jobs()).await
    }

    async fn take_back(&self) -> Result<u64> {
        self.call("take_back", self.backend.store.take_back()).await
    }

    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>> {
        let timers = self.call("slots_of_job", self.backend.store.slots_of_job(id)).await?;
        Ok(self.backend.with_later(timers))
    }
}
