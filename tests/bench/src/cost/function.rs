//! One of the functions as it runs on AWS, but in this process: its clients and memory, what it has
//! called, and how long it would have been billed for.

use std::{sync::Mutex, time::Duration};

use belfry_aws::{Environment, Installation, dynamodb::KeyLayout};
use belfry_domain::Shards;
use belfry_emulator::Emulator;

use super::{account::Usage, meter::Meter, world::SHARDS};

/// Assumed time of a call of DynamoDB or SQS from Lambda in the same region: the emulator's own times
/// say nothing about AWS.
pub const ROUND_TRIP: Duration = Duration::from_millis(5);
/// Computing time of an invocation, and of each item in it. It is an assumption as well.
const COMPUTING: Duration = Duration::from_millis(1);

const LAYOUT: KeyLayout = KeyLayout { buckets: 4, shards: Shards(SHARDS) };

pub struct Function {
    pub installation: Installation,
    pub meter: Meter,
    memory_gb: f64,
    billed: Mutex<Billed>,
}

#[derive(Default)]
struct Billed {
    invocations: u64,
    time: Duration,
}

/// Facts about one invocation that its bill depends on.
pub struct Invocation {
    /// Number of messages, requests or shards.
    pub items: usize,
    /// Number of its calls that are under way at once.
    pub side_by_side: usize,
    /// Time spent waiting for an instant or a target, beside the calls.
    pub waited: Duration,
}

impl Function {
    pub fn new(emulator: &Emulator, environment: &Environment, name: &str, memory_mb: u32) -> Self {
        let meter = Meter::new();
        let sdk = emulator.sdk_config().into_builder().http_client(meter.clone()).build();
        Self {
            installation: Installation::new(environment, LAYOUT, sdk, name),
            meter,
            memory_gb: f64::from(memory_mb) / 1024.0,
            billed: Mutex::default(),
        }
    }

    /// Bills what `work` does as one invocation.
    pub async fn invoke<T>(&self, invocation: &Invocation, work: impl Future<Output = T>) -> T {
        let before = self.meter.calls();
        let outcome = work.await;
        let calls = (self.meter.calls() - before) as usize;
        let round_trips = calls.div_ceil(invocation.side_by_side.max(1)) as u32;
        let mut billed = self.billed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        billed.invocations += 1;
        billed.time +=
            ROUND_TRIP * round_trips + COMPUTING * (1 + invocation.items as u32) + invocation.waited;
        outcome
    }

    /// Usage since the function was made.
    pub fn used(&self) -> Usage {
        let capacity = self.installation.stores.capacity().total();
        let billed = self.billed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Usage {
            // A refused write is billed too; the answer does not say how much, the rows have up to 1 KB.
            write_units: capacity.write_units + capacity.refused as f64,
            read_units: capacity.read_units,
            sqs_requests: self.meter.sqs_requests() as f64,
            api_requests: 0.0,
            invocations: billed.invocations as f64,
            gb_seconds: billed.time.as_secs_f64() * self.memory_gb,
        }
    }
}
