//! Marks of re-runs for a key, beside rows that go when their time has come.

use aws_sdk_dynamodb::types::AttributeValue;
use belfry_aws::dynamodb::Table;
use belfry_conformance::fixtures::{guard, id, row};
use belfry_domain::Execution;
use belfry_engine::ports::{Creation, ExecutionStore as _};

use crate::support::Installation;

impl Installation {
    /// Removes a row as DynamoDB does when its time has come.
    async fn remove_row(&self, name: &str) {
        let table = self.table(Table::Executions);
        let scan = self.client.scan().table_name(&table).consistent_read(true);
        let rows = scan.send().await.unwrap().items.unwrap();
        let is_row = |doc: &AttributeValue| doc.as_s().unwrap().contains(&format!("{{\"id\":\"{name}\""));
        let row = rows.iter().find(|row| row.get("doc").is_some_and(is_row)).unwrap();
        let delete = self.client.delete_item().table_name(&table);
        let delete = delete.key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
        delete.send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_that_outlives_its_row_holds_up_nobody() {
    let installation = Installation::new().await;
    let stores = installation.stores();
    let again =
        |name: &str| Execution { rerun_of: Some(id("a@x")), rerun_key: "k".parse().ok(), ..row(name) };
    let create = async |name: &str| stores.create(again(name), Some(guard(name))).await.unwrap();
    assert_eq!(create("a@x~2").await, Creation::Created);
    installation.remove_row("a@x~2").await;
    assert_eq!(create("a@x~3").await, Creation::Created);
    assert_eq!(create("a@x~4").await, Creation::Exists(Box::new(again("a@x~3"))));
}
