//! Installations that share two emulators, each with tables of its own.

use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client, operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue,
};
use belfry_aws::{
    Names,
    dynamodb::{KeyLayout, LayoutError, Options, Stores, Table, Told},
};
use belfry_conformance::{Backend, Expiry, fixtures::ONE};
use belfry_domain::Timestamp;
use belfry_emulator::{Emulator, create_tables};

/// Emulators that take installations by turns: each works on one processor only.
static EMULATORS: [LazyLock<Emulator>; 2] = [const { LazyLock::new(start) }; 2];

fn start() -> Emulator {
    Emulator::start(&[]).unwrap_or_else(|error| panic!("{error}"))
}

pub struct Installation {
    pub client: Client,
    config: SdkConfig,
    names: Names,
}

impl Installation {
    pub async fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let names = Names::new(format!("test-{number}"));
        let config = EMULATORS[number % EMULATORS.len()].sdk_config();
        let client = Client::new(&config);
        create_tables(&client, &names).await;
        Self { client, config, names }
    }

    pub fn table(&self, table: Table) -> String {
        self.names.table(table.as_str())
    }

    /// Settings of the SDK, for the emulator that has the tables.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Opens the stores as a process of its own would.
    pub fn open(&self, options: Options) -> Stores {
        self.open_with(&self.config, options)
    }

    pub fn open_with(&self, config: &SdkConfig, options: Options) -> Stores {
        Stores::new(config, &self.names, options)
    }

    pub async fn learn_layout(&self, told: Told) -> Result<KeyLayout, LayoutError> {
        KeyLayout::learn(&self.config, &self.names, told).await
    }

    pub fn stores(&self) -> Stores {
        self.open(Options { shards: ONE, ..Options::default() })
    }

    pub fn backend(&self) -> Backend {
        let expiry = TimeToLive { client: self.client.clone(), table: self.table(Table::Executions) };
        Backend::over(self.stores(), ()).expiring_by_itself(expiry)
    }

    /// Begins a change of an existing row.
    pub fn tamper(&self, table: Table, pk: &str, sk: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table(table))
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .condition_expression("attribute_exists(pk)")
    }
}

/// DynamoDB's removal of executions whose time to live is over, which an emulator leaves out.
struct TimeToLive {
    client: Client,
    table: String,
}

#[async_trait]
impl Expiry for TimeToLive {
    async fn expire(&self, now: Timestamp) {
        let is_over = "expires_at < :now";
        let scan =
            self.client.scan().table_name(&self.table).consistent_read(true).filter_expression(is_over);
        let scan = scan.expression_attribute_values(":now", AttributeValue::N(now.second().to_string()));
        for row in scan.send().await.unwrap().items.unwrap_or_default() {
            let delete = self.client.delete_item().table_name(&self.table);
            let delete = delete.key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
            delete.send().await.unwrap();
        }
    }
}
