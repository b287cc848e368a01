//! The way from a timer to a worker. Everything here may be lost, late or doubled.

use std::{convert::Infallible, time::Duration};

use async_trait::async_trait;
use belfry_domain::{Message, Priority, Wave};

use super::{Stop, StoreError};

#[async_trait]
pub trait Queue: Send + Sync {
    /// Hands waves to the dispatcher, each to come out in its second (never before; queues that
    /// can be more exact may be).
    async fn defer(&self, waves: Vec<Wave>) -> Result<(), StoreError>;

    /// Hands work to the workers of its pool, by priority.
    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError>;

    /// Messages that wait for a worker of this pool in this class, roughly, as of a few seconds ago.
    async fn backlog(&self, pool: &str, priority: Priority) -> Result<u64, StoreError>;

    /// The same for every queue that is known.
    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError>;
}

/// What waits in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    pub pool: String,
    pub priority: Priority,
    pub depth: u64,
}

/// A message, and its loan where it comes again unless that is settled.
pub struct Delivery {
    pub message: Message,
    pub loan: Option<Box<dyn Loan>>,
}

/// A message that its queue keeps until the loan is settled.
#[async_trait]
pub trait Loan: Send + Sync {
    /// Keeps the message from others, for as long as this is awaited.
    async fn hold(&self) -> Infallible;

    /// Somebody else may have it at once.
    async fn give_back(&self);

    /// It was handled and need not come again. It may come all the same.
    async fn settle(&self);
}

/// Where a worker that polls gets its messages.
#[async_trait]
pub trait Source: Send + Sync {
    /// Up to `limit` messages of a pool, the most urgent first; waits so long for the first, or
    /// until `closing`. Not to be dropped half way: a question that is under way may have taken
    /// messages, which nobody would see for a while.
    async fn receive(
        &self,
        pool: &str,
        limit: usize,
        wait: Duration,
        closing: &Stop,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Messages of a pool that wait for a worker, roughly.
    async fn depth_of(&self, pool: &str) -> Result<u64, StoreError>;
}
