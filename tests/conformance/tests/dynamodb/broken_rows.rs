//! DynamoDB with rows that were tampered with.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue::{self, N, S};
use belfry_aws::dynamodb::Table;
use belfry_conformance::{
    broken::{self, Sabotage},
    features::Tried,
};
use belfry_domain::{ExecutionId, JobId, Timer, Timestamp};

use crate::support::Installation;

struct Tamperer(Installation);

impl Tamperer {
    async fn set_doc(&self, table: Table, pk: &str, sk: &str, doc: &str) {
        let change = self.0.tamper(table, pk, sk).update_expression("SET doc = :doc");
        change.expression_attribute_values(":doc", S(doc.to_owned())).send().await.unwrap();
    }

    /// Keys of all rows whose document names `id`.
    async fn rows_of(&self, table: Table, id: &str) -> Vec<(String, String)> {
        let scan = self.0.client.scan().table_name(self.0.table(table)).consistent_read(true);
        let rows = scan.send().await.unwrap().items.unwrap();
        let text = |value: Option<&AttributeValue>| value.unwrap().as_s().unwrap().clone();
        let named = rows.iter().filter(|row| {
            row.get("doc").is_some_and(|doc| doc.as_s().unwrap().contains(&format!("\"{id}\"")))
        });
        named.map(|row| (text(row.get("pk")), text(row.get("sk")))).collect()
    }
}

#[async_trait]
impl Sabotage for Tamperer {
    async fn break_execution(&self, id: &ExecutionId) {
        let rows = self.rows_of(Table::Executions, id.as_str()).await;
        let [(pk, sk)] = &rows[..] else { panic!("{id} has not one row: {rows:?}") };
        self.set_doc(Table::Executions, pk, sk, "{\"id\":").await;
    }

    async fn break_job(&self, id: &JobId) {
        let doc = "{\"spec\":{\"from_the\":\"future\"}}";
        self.set_doc(Table::Jobs, id.as_str(), ".", doc).await;
        self.set_doc(Table::State, &format!("v#{id}"), "000000000001", doc).await;
    }

    async fn break_dead_letter(&self, id: &ExecutionId) {
        let rows = self.rows_of(Table::DeadLetters, id.as_str()).await;
        assert_eq!(rows.len(), 2, "{rows:?}");
        for (pk, sk) in rows {
            self.set_doc(Table::DeadLetters, &pk, &sk, "[]").await;
        }
    }

    async fn break_alert(&self, key: &str) {
        self.set_doc(Table::State, "alerts", key, r#"{"kind":"from the future"}"#).await;
    }

    async fn set_aside(&self, timer: &Timer) {
        let key = &timer.key;
        let sk = format!("t#{} {:015} {}", key.shard, key.fire_at.0, key.what);
        let put = self.0.client.put_item().table_name(self.0.table(Table::Timers));
        let put = put.item("pk", S("q".to_owned())).item("sk", S(sk));
        let put = put.item("version", N(timer.version.to_string()));
        put.item("checks", N(timer.checks.to_string())).send().await.unwrap();
    }

    async fn add_broken_timers(&self, fire_at: Timestamp) -> usize {
        let number = |text: &str| Some(N(text.to_owned()));
        let (zero, one) = (number("0"), "start a@x 1");
        let rows = [
            ("", zero.clone(), zero.clone()),
            ("slot", zero.clone(), zero.clone()),
            ("slot a@tomorrow", zero.clone(), zero.clone()),
            ("start a@x", zero.clone(), zero.clone()),
            ("start a@x -1", zero.clone(), zero.clone()),
            ("check a@x one", zero.clone(), zero.clone()),
            ("check no-execution 1", zero.clone(), zero.clone()),
            ("wake a@x 1", zero.clone(), zero.clone()),
            (one, number("-1"), zero.clone()),
            ("start a@x 2", zero.clone(), Some(S("often".to_owned()))),
            ("start a@x 3", zero.clone(), number("4294967296")),
            ("start a@x 4", None, zero.clone()),
            ("start a@x 5", zero, None),
        ];
        for (what, version, checks) in &rows {
            let put = self.0.client.put_item().table_name(self.0.table(Table::Timers));
            let put = put.item("pk", S("t#0".to_owned()));
            let mut put = put.item("sk", S(format!("{:015} {what}", fire_at.0)));
            for (name, value) in [("version", version), ("checks", checks)] {
                if let Some(value) = value {
                    put = put.item(name, value.clone());
                }
            }
            put.send().await.unwrap();
        }
        rows.len()
    }
}

macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() -> Tried {
                let installation = Installation::new().await;
                let backend = installation.backend();
                broken::$case(&backend, &Tamperer(installation)).await?;
                Ok(())
            }
        )*
    };
}

cases!(
    an_unreadable_execution_is_alone,
    an_unreadable_execution_fails_no_other_of_its_batch,
    a_listing_leaves_out_what_it_cannot_read,
    an_unreadable_job_is_alone,
    dead_letters_leave_out_what_they_cannot_read,
    an_unreadable_letter_silences_no_other_alert,
    timers_of_another_version_are_read_again,
    timers_that_an_older_version_set_aside_come_back,
    a_page_of_broken_timers_does_not_end_the_walk,
    what_a_newer_version_wrote_stops_no_other,
    a_clock_is_put_right_whatever_cannot_be_read,
);
