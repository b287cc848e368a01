//! Empty installations on DynamoDB, on an emulator of it.

use std::sync::{Arc, LazyLock};

use aws_sdk_dynamodb::Client;
use belfry_aws::{
    Names,
    dynamodb::{Options, Stores},
};
use belfry_emulator::{Emulator, create_tables};
use belfry_engine::ports::Store;
use belfry_simulation::plan::Plan;
use tokio::runtime::{EnterGuard, Runtime};

/// Runtime on which DynamoDB's answers arrive while the simulation's thread waits.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Emulator, for the thread that has started it.
pub struct DynamoDb {
    emulator: Emulator,
    _entered: EnterGuard<'static>,
}

impl DynamoDb {
    pub fn start() -> Self {
        Self { emulator: Emulator::start(&[]).unwrap(), _entered: RUNTIME.enter() }
    }

    pub fn fresh(&self, plan: &Plan) -> Arc<dyn Store> {
        let (config, names) = (self.emulator.sdk_config(), Names::new(format!("seed-{}", plan.seed)));
        RUNTIME.block_on(create_tables(&Client::new(&config), &names));
        Arc::new(Stores::new(&config, &names, Options { shards: plan.shards(), ..Options::default() }))
    }
}
