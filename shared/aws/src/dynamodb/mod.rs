//! The stores on DynamoDB. Tables, keys and indexes: `docs/decisions/2026-11-23-dynamodb-keys.md`.
//!
//! | concern | module |
//! |---|---|
//! | one file for each port | `jobs`, `executions`, `timers`, `leases`, `dead_letters`, `workers`, `backfills`, `gates`, `alerts`, `zones` |
//! | commits of any size, atomic over a crash | `plan`, `steps` |
//! | rows of the graph | `graph` |
//! | what is read from memory, and when that is right | `known_jobs` |
//! | walks over the graph | `walk` |
//! | executions as items; notes beside them; listings | `rows`, `notes`, `listing`, `merge` |
//! | what DynamoDB has removed by its time | `expired` |
//! | keys in the order in which they are read; the numbers that they are made of | `keys`, `layout` |
//! | items, conditions and updates by typed attributes | `item`, `expression` |
//! | calls: waiting, counting, errors | `client`, `transaction`, `reads`, `retry`, `capacity`, `error` |

mod alerts;
mod backfills;
mod capacity;
mod client;
mod commit;
mod dead_letters;
mod error;
mod executions;
mod expired;
mod expression;
mod gates;
mod graph;
mod intents;
mod item;
mod jobs;
mod keys;
mod known_jobs;
mod layout;
mod leases;
mod listing;
mod merge;
mod notes;
mod reads;
mod retry;
mod rows;
mod timers;
mod transaction;
mod walk;
mod workers;
mod zones;

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use belfry_domain::Shards;
use belfry_engine::ports::StoreError;

pub(crate) use self::layout::MOST_BUCKETS;
pub use self::{
    capacity::{Capacity, Table, Used},
    commit::Plan,
    expired::StreamEvent,
    layout::{KeyLayout, LayoutError, Told},
};
use self::{client::Tables, known_jobs::KnownJobs, rows::Layout};
use crate::Names;

type Result<T> = std::result::Result<T, StoreError>;

/// Settings of the stores. All processes of an installation must agree on them, except on
/// `trust_jobs_for`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Number of partitions for the executions of one job, each good for 1,000 writes a second:
    /// [`KeyLayout`] has the installation's.
    pub buckets: u16,
    /// Shards of the timers.
    pub shards: Shards,
    /// Minimum time for which an execution stays after its end.
    pub retention: Duration,
    /// Time for which a job that was read may be used again. Zero reads it anew each time.
    pub trust_jobs_for: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            buckets: 4,
            shards: Shards(64),
            retention: Duration::from_secs(7 * 24 * 3600),
            trust_jobs_for: Duration::ZERO,
        }
    }
}

/// Stores for all durable ports. Clones share connections and memory.
#[derive(Debug, Clone)]
pub struct Stores {
    tables: Tables,
    layout: Layout,
    shards: Shards,
    trust_jobs_for: Duration,
    known: Arc<KnownJobs>,
}

impl Stores {
    pub fn new(config: &SdkConfig, names: &Names, options: Options) -> Self {
        let Options { buckets, shards, retention, trust_jobs_for } = options;
        Self {
            tables: Tables::new(Client::new(config), names),
            layout: Layout { buckets, retention },
            shards,
            trust_jobs_for,
            known: Arc::default(),
        }
    }

    /// Stores for callers that may see a job as it was up to `time` ago. They share connections and
    /// memory too.
    pub fn trusting_jobs_for(&self, time: Duration) -> Self {
        Self { trust_jobs_for: time, ..self.clone() }
    }

    /// Capacity that DynamoDB has billed to this process.
    pub fn capacity(&self) -> &Capacity {
        &self.tables.capacity
    }
}
