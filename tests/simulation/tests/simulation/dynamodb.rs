//! Empty installations on DynamoDB, on an emulator of it.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use belfry_aws::{
    Names,
    dynamodb::{Options, Stores},
};
use belfry_emulator::{Emulator, create_tables};
use belfry_engine::ports::Store;
use belfry_simulation::plan::Plan;
use tokio::runtime::{Builder, EnterGuard, Runtime};

/// An emulator, and the runtime on which its answers arrive while the simulation's thread waits.
pub struct DynamoDb {
    emulator: Emulator,
    runtime: &'static Runtime,
    _entered: EnterGuard<'static>,
}

impl DynamoDb {
    pub fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let runtime: &'static Runtime = Box::leak(Box::new(runtime));
        Self { emulator: Emulator::start(&[]).unwrap(), runtime, _entered: runtime.enter() }
    }

    pub fn fresh(&self, plan: &Plan) -> Arc<dyn Store> {
        let (config, names) = (self.emulator.sdk_config(), Names::new(format!("seed-{}", plan.seed)));
        self.runtime.block_on(create_tables(&Client::new(&config), &names));
        Arc::new(Stores::new(&config, &names, Options { shards: plan.shards(), ..Options::default() }))
    }
}
