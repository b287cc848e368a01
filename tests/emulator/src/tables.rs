//! The tables, as `docs/decisions/2026-11-23-dynamodb-keys.md` describes them.

#![expect(clippy::unwrap_used, reason = "a test without its tables should stop")]

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
        ProjectionType, ScalarAttributeType,
    },
};
use belfry_aws::{Names, dynamodb::Table};

/// Indexes of the table of executions, with the prefix of their keys' names.
const INDEXES: [(&str, &str); 4] =
    [("recent", "recent"), ("by_status", "status"), ("by_run", "run"), ("by_due", "due")];

/// Makes all tables of an installation.
pub async fn create_tables(client: &Client, names: &Names) {
    for table in Table::ALL {
        create(client, &names.table(table.as_str()), table).await;
    }
}

async fn create(client: &Client, name: &str, table: Table) {
    let indexes = if table == Table::Executions { &INDEXES[..] } else { &[] };
    let keys = std::iter::once(String::new()).chain(indexes.iter().map(|(_, prefix)| format!("{prefix}_")));
    let attributes = keys.flat_map(|prefix| [attribute(&prefix, "pk"), attribute(&prefix, "sk")]).collect();
    let secondary: Vec<GlobalSecondaryIndex> =
        indexes.iter().map(|(name, prefix)| index(name, &format!("{prefix}_"))).collect();
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes))
        .set_key_schema(Some(schema("")))
        .set_global_secondary_indexes(Some(secondary).filter(|indexes| !indexes.is_empty()))
        .send()
        .await
        .unwrap();
}

fn attribute(prefix: &str, key: &str) -> AttributeDefinition {
    let name = format!("{prefix}{key}");
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap()
}

fn schema(prefix: &str) -> Vec<KeySchemaElement> {
    let element = |key: &str, role| {
        KeySchemaElement::builder().attribute_name(format!("{prefix}{key}")).key_type(role).build().unwrap()
    };
    vec![element("pk", KeyType::Hash), element("sk", KeyType::Range)]
}

fn index(name: &str, prefix: &str) -> GlobalSecondaryIndex {
    let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(schema(prefix)))
        .projection(keys_only)
        .build()
        .unwrap()
}
