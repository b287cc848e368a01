//! Queue: the way from a timer to a worker. Any message may be lost, late or doubled.

use std::{convert::Infallible, time::Duration};

use async_trait::async_trait;
use belfry_domain::{Message, Priority, Wave};

use super::{Stop, StoreError};

#[async_trait]
pub trait Queue: Send + Sync {
    /// Hands waves to the dispatcher. Each wave comes out in its second, never before; a queue may
    /// deliver more exactly.
    ///
    /// # Errors
    /// The queue does not answer.
    async fn defer(&self, waves: Vec<Wave>) -> Result<(), StoreError>;

    /// Hands messages to the workers of their pools, by priority.
    ///
    /// # Errors
    /// The queue does not answer.
    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError>;

    /// Approximate number of messages of this pool and class that wait for a worker, as of a few
    /// seconds ago.
    ///
    /// # Errors
    /// The queue does not answer.
    async fn backlog(&self, pool: &str, priority: Priority) -> Result<u64, StoreError>;

    /// Backlogs of all queues that are known.
    ///
    /// # Errors
    /// The queue does not answer.
    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError>;
}

/// Number of messages that wait in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    pub pool: String,
    pub priority: Priority,
    pub depth: u64,
}

/// Message that a worker received. With a loan, the message comes again unless the loan is settled.
pub struct Delivery {
    pub message: Message,
    pub loan: Option<Box<dyn Loan>>,
}

/// Loan of a message, which its queue keeps until the loan is settled.
#[async_trait]
pub trait Loan: Send + Sync {
    /// Keeps the message from other workers for as long as this future is awaited.
    async fn hold(&self) -> Infallible;

    /// Returns the message to its queue, where another worker may take it at once.
    async fn give_back(&self);

    /// Settles the loan: the message was handled and need not come again. It may come again all the
    /// same.
    async fn settle(&self);
}

/// Source of messages for a worker that polls.
#[async_trait]
pub trait Source: Send + Sync {
    /// Receives up to `limit` messages of a pool, the most urgent first. Waits at most `wait` for the
    /// first, or until `closing`. The future must not be dropped half way: its request may have taken
    /// messages, which no worker would then see for a while.
    ///
    /// # Errors
    /// The queue does not answer.
    async fn receive(
        &self,
        pool: &str,
        limit: usize,
        wait: Duration,
        closing: &Stop,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Approximate number of messages of a pool that wait for a worker.
    ///
    /// # Errors
    /// The queue does not answer.
    async fn depth_of(&self, pool: &str) -> Result<u64, StoreError>;
}
