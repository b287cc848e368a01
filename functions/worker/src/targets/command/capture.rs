//! Output of a process: its tail in memory, and all of it in a log once it is longer than the tail.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use belfry_domain::ExecutionId;
use belfry_engine::ports::{LogWriter, Logs, Output, StoreError};
use tokio::time::timeout;

use crate::targets::tail::Tail;

pub(super) struct Capture {
    /// Tail of the output. The engine reads it while the process runs.
    tail: Arc<Mutex<Tail>>,
    log: State,
    /// Number of bytes that may still go into the log.
    room: u64,
    left_out: u64,
}

enum State {
    /// There is no place for logs, or it has failed.
    Off,
    /// The tail still holds all of the output.
    Unneeded(Place),
    Open(Box<dyn LogWriter>),
}

/// Place for the log of an attempt.
pub(super) struct Place {
    pub logs: Arc<dyn Logs>,
    pub execution_id: ExecutionId,
    pub attempt: u32,
}

impl Capture {
    pub fn new(tail: Arc<Mutex<Tail>>, log_bytes: u64, place: Option<Place>) -> Self {
        let log = place.map_or(State::Off, State::Unneeded);
        Self { tail, log, room: log_bytes, left_out: 0 }
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn push(&mut self, chunk: &[u8]) {
        let has_room = self.tail().has_room(chunk.len());
        if !has_room {
            self.open().await;
        }
        self.tail().push(chunk);
        self.write(chunk).await;
    }

    pub fn last_line(&self) -> Option<String> {
        self.tail().last_line()
    }

    /// Ends the capture and returns the output. The output names the log if the log closes within
    /// `patience`.
    pub async fn finish(mut self, patience: Duration) -> Option<Output> {
        if self.left_out > 0 {
            let note =
                format!("\n[belfry: {} bytes left out; the end of the output follows]\n", self.left_out);
            let end = self.tail().text();
            self.append(note.as_bytes()).await;
            self.append(end.as_bytes()).await;
        }
        let log = match std::mem::replace(&mut self.log, State::Off) {
            State::Open(writer) => match timeout(patience, writer.close()).await {
                Ok(closed) => closed.inspect_err(lost).ok(),
                Err(_) => None,
            },
            _ => None,
        };
        let output = self.tail().output();
        output.map(|output| Output { log, ..output })
    }

    /// Begins the log with the content of the tail, which is all the output so far.
    async fn open(&mut self) {
        let State::Unneeded(place) = &self.log else { return };
        match place.logs.open(&place.execution_id, place.attempt).await {
            Ok(writer) => {
                self.log = State::Open(writer);
                let so_far = self.tail().kept().to_vec();
                self.write(&so_far).await;
            }
            Err(error) => self.give_up(&error),
        }
    }

    async fn write(&mut self, bytes: &[u8]) {
        let fits = bytes.len().min(usize::try_from(self.room).unwrap_or(usize::MAX));
        if matches!(self.log, State::Open(_)) {
            self.room -= fits as u64;
            self.left_out += (bytes.len() - fits) as u64;
            self.append(&bytes[..fits]).await;
        }
    }

    async fn append(&mut self, bytes: &[u8]) {
        if let State::Open(writer) = &mut self.log
            && let Err(error) = writer.write(bytes).await
        {
            self.give_up(&error);
        }
    }

    /// Gives up the log. An attempt does not fail because its output can't be kept.
    fn give_up(&mut self, error: &StoreError) {
        lost(error);
        self.log = State::Off;
    }
}

fn lost(error: &StoreError) {
    tracing::warn!(%error, "cannot store the full log of an attempt");
}
