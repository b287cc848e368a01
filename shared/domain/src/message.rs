//! Messages: hints that work is due. Any of them may be lost, late or doubled; the timers own the
//! work.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ExecutionId, Priority, TimerKey, Timestamp};

/// Message that asks for one attempt of one execution, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub execution_id: ExecutionId,
    /// Number of the attempt that this message may start, counted from 1. It may start no other.
    pub attempt: u32,
    /// Instant before which the attempt must not start.
    pub due: Timestamp,
    pub pool: String,
    pub priority: Priority,
    /// Timer that is removed when everything is done.
    pub guard: TimerKey,
    pub origin: Origin,
}

impl Message {
    /// Priority class of the message, raised by one class for each full `step` of waiting.
    pub fn urgency(&self, now: Timestamp, step: Duration) -> Priority {
        match self.origin {
            Origin::Backfill => self.priority,
            _ => self.priority.aged(now.since(self.due), step),
        }
    }
}

/// Origin of the work, which tells where the worker finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Slot that had no row when the message was sent. `version` is that of the job whose schedule
    /// named it.
    Slot { version: u64 },
    /// Row of a job's execution.
    Job,
    /// Row of a job's execution that a backfill has created. It waits while there is other work.
    Backfill,
    /// Row that holds its work itself.
    Push,
}

/// Messages that are due in one second, sent to the dispatcher as one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// Seconds since the Unix epoch.
    pub second: i64,
    pub messages: Vec<Message>,
}

impl Wave {
    /// Groups messages by the second in which they are due, the earliest first.
    pub fn group(mut messages: Vec<Message>) -> Vec<Self> {
        messages.sort_by_key(|message| message.due);
        let mut waves: Vec<Self> = Vec::new();
        for message in messages {
            match waves.last_mut() {
                Some(wave) if wave.second == message.due.second() => wave.messages.push(message),
                _ => waves.push(Self { second: message.due.second(), messages: vec![message] }),
            }
        }
        waves
    }
}
