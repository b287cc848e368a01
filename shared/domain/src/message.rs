//! Messages: hints that work is due. Any of them may be lost, late or doubled; the timers own the
//! work.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ExecutionId, Priority, TimerKey, Timestamp};

/// Names what may be started: one attempt of one execution, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub execution_id: ExecutionId,
    /// The only attempt that this message may start, counted from 1.
    pub attempt: u32,
    /// The instant before which nothing starts.
    pub due: Timestamp,
    pub pool: String,
    pub priority: Priority,
    /// The timer to remove when everything is done.
    pub guard: TimerKey,
    pub origin: Origin,
}

impl Message {
    /// Its class, with its waiting counted in: one up for each full `step`.
    pub fn urgency(&self, now: Timestamp, step: Duration) -> Priority {
        match self.origin {
            Origin::Backfill => self.priority,
            _ => self.priority.aged(now.since(self.due), step),
        }
    }
}

/// Where the worker finds what to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A slot that had no row when the message was sent; `version` is that of the job whose
    /// schedule named it.
    Slot { version: u64 },
    /// A row of a job.
    Job,
    /// A row of a job that a backfill has made: it waits for as long as there is other work.
    Backfill,
    /// A row that holds its work itself.
    Push,
}

/// What is due in one second, in one message to the dispatcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// Seconds since the Unix epoch.
    pub second: i64,
    pub messages: Vec<Message>,
}

impl Wave {
    /// Groups messages by the second that they are due in, earliest first.
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
