//! The sending side of the queues.

use async_trait::async_trait;
use belfry_domain::{Message, Priority, Wave};
use belfry_engine::ports::{Backlog, Queue};

use super::{Chaos, Result};
use crate::{
    faults::{Delivery, MESSAGE, WAVE},
    machine::{State, network::Parcel},
};

/// Longest delay that SQS takes, in milliseconds.
const LONGEST_DELAY_MS: u64 = 900_000;

#[async_trait]
impl Queue for Chaos {
    async fn defer(&self, waves: Vec<Wave>) -> Result<()> {
        self.call("defer", async {
            self.world.with(|state| waves.iter().for_each(|wave| defer(state, self.process, wave)));
            Ok(())
        })
        .await
    }

    async fn enqueue(&self, messages: Vec<Message>) -> Result<()> {
        self.call("enqueue", async {
            self.world
                .with(|state| messages.iter().for_each(|message| enqueue(state, self.process, message)));
            Ok(())
        })
        .await
    }

    async fn backlog(&self, pool: &str, priority: Priority) -> Result<u64> {
        let backlog = async { Ok(self.world.with(|state| state.network.backlog(pool, priority))) };
        self.call("backlog", backlog).await
    }

    async fn backlogs(&self) -> Result<Vec<Backlog>> {
        Ok(Vec::new())
    }
}

fn defer(state: &mut State, process: usize, wave: &Wave) {
    let now = state.wall_of(process);
    let delay_ms = u64::try_from(wave.second * 1000 - now.0).unwrap_or(0);
    if delay_ms > LONGEST_DELAY_MS {
        // As on SQS, it is left to the timers. Only a clock that jumps back brings it about.
        if state.shadow.clocks_moved_ms.is_none() {
            state.violate(|| format!("a wave for second {} was to be delayed by {delay_ms} ms", wave.second));
        }
        return;
    }
    for message in &wave.messages {
        state.note(process, || {
            format!("defer {} #{} to {}", message.execution_id, message.attempt, message.due)
        });
    }
    let delivery = Delivery::draw(state, &WAVE);
    for message in &wave.messages {
        state.sent(message, delay_ms, &delivery);
    }
    for extra_ms in delivery.delays_ms {
        state.post(Parcel::Wave(wave.clone()), delay_ms + extra_ms);
    }
}

fn enqueue(state: &mut State, process: usize, message: &Message) {
    state.note(process, || format!("enqueue {} #{}", message.execution_id, message.attempt));
    let delivery = Delivery::draw(state, &MESSAGE);
    state.sent(message, 0, &delivery);
    for delay_ms in delivery.delays_ms {
        state.post(Parcel::Message(Box::new(message.clone())), delay_ms);
    }
}
