//! Installations that share one emulator, each with tables of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{Client, operation::update_item::builders::UpdateItemFluentBuilder};
use belfry_aws::{
    Names,
    dynamodb::{Options, Stores, Table},
};
use belfry_conformance::{Backend, fixtures::ONE};
use belfry_emulator::{Emulator, create_tables};

pub struct Installation {
    pub client: Client,
    names: Names,
}

impl Installation {
    pub async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let names = Names::new(format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let client = Client::new(&Emulator::shared().sdk_config());
        create_tables(&client, &names).await;
        Self { client, names }
    }

    pub fn table(&self, table: Table) -> String {
        self.names.table(table.as_str())
    }

    /// Opens the stores as a process of its own would.
    pub fn open(&self, options: Options) -> Stores {
        self.open_with(&Emulator::shared().sdk_config(), options)
    }

    pub fn open_with(&self, config: &SdkConfig, options: Options) -> Stores {
        Stores::new(config, &self.names, options)
    }

    pub fn stores(&self) -> Stores {
        self.open(Options { shards: ONE, ..Options::default() })
    }

    pub fn backend(&self) -> Backend {
        Backend::over(self.stores(), ()).expiring_by_itself()
    }

    /// Begins a change of an existing row.
    pub fn tamper(&self, table: Table, pk: &str, sk: &str) -> UpdateItemFluentBuilder {
        use aws_sdk_dynamodb::types::AttributeValue::S;
        self.client
            .update_item()
            .table_name(self.table(table))
            .key("pk", S(pk.to_owned()))
            .key("sk", S(sk.to_owned()))
            .condition_expression("attribute_exists(pk)")
    }
}
