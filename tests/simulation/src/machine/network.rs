//! The queues between processes. They lose, double, delay and reorder parcels, but no deferred parcel
//! arrives before its second.

use std::{future::poll_fn, task::Poll, task::Waker};

use belfry_domain::{ClaimToken, ExecutionId, Message, Priority, Wave};

use super::{State, World, time::Entry};

/// Parcel that is under way.
#[derive(Clone)]
pub enum Parcel {
    Wave(Wave),
    Message(Box<Message>),
    Call(Call),
}

/// Call from outside about an attempt that runs there.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: ExecutionId,
    pub token: ClaimToken,
    pub says: Says,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    StillRunning,
    Succeeded,
    Failed,
}

/// Parcels that have arrived, and the tasks that wait for them.
#[derive(Default)]
pub struct Network {
    waves: Vec<Wave>,
    messages: Vec<Message>,
    calls: Vec<Call>,
    receivers: Vec<Waker>,
}

impl Network {
    pub fn wake_receivers(&mut self) {
        for receiver in self.receivers.drain(..) {
            receiver.wake();
        }
    }

    /// Number of messages in all queues together.
    pub fn depth(&self) -> u64 {
        self.messages.len() as u64
    }

    pub fn backlog(&self, pool: &str, priority: Priority) -> u64 {
        let is_in = |message: &&Message| message.pool == pool && message.priority == priority;
        self.messages.iter().filter(is_in).count() as u64
    }
}

impl State {
    pub(super) fn arrive(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Wave(wave) => self.network.waves.push(wave),
            Parcel::Call(call) => self.network.calls.push(call),
            Parcel::Message(message) => self.network.messages.push(*message),
        }
        self.network.wake_receivers();
    }

    pub fn post(&mut self, parcel: Parcel, delay_ms: u64) {
        self.time.after(delay_ms, Entry::Arrive(parcel));
    }

    /// Drops all messages, as a queue in memory does when its process dies.
    pub fn lose_all_messages(&mut self) {
        self.time.forget_arrivals();
        self.network.waves.clear();
        self.network.messages.clear();
        self.network.calls.clear();
    }
}

impl World {
    /// Takes any one of the messages that have arrived.
    pub async fn receive_message(&self) -> Message {
        self.receive(|state| {
            let messages = &state.network.messages;
            let is_served = |place: &usize| state.served_from_ms(&messages[*place].pool) <= state.time.now_ms;
            let served: Vec<usize> = (0..messages.len()).filter(is_served).collect();
            let any = *state.rng.pick(&served)?;
            Some(state.network.messages.swap_remove(any))
        })
        .await
    }

    pub async fn receive_wave(&self) -> Wave {
        self.receive(|state| {
            let length = state.network.waves.len();
            (length > 0).then(|| state.rng.index(length)).map(|any| state.network.waves.swap_remove(any))
        })
        .await
    }

    pub async fn receive_call(&self) -> Call {
        self.receive(|state| {
            let length = state.network.calls.len();
            (length > 0).then(|| state.rng.index(length)).map(|any| state.network.calls.swap_remove(any))
        })
        .await
    }

    async fn receive<T>(&self, take: impl Fn(&mut State) -> Option<T>) -> T {
        poll_fn(|context| {
            self.with(|state| {
                if let Some(parcel) = take(state) {
                    return Poll::Ready(parcel);
                }
                state.network.receivers.push(context.waker().clone());
                Poll::Pending
            })
        })
        .await
    }
}
