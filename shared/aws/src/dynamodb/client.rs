//! Calls to DynamoDB that the stores consist of. Each call waits while a row is busy, counts its cost,
//! and distinguishes a failed condition from other errors.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{delete_item::DeleteItemError, put_item::PutItemError, update_item::UpdateItemError},
    types::{ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure},
};

use super::{
    Result,
    capacity::{Access, Capacity, Table},
    error::{Failure, failure},
    expression::{Placeholders, Test, Update},
    item::{Item, Key, Raw},
    retry::patiently,
};
use crate::Names;

const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// Result of a conditional write.
#[derive(Debug)]
pub(crate) enum Written {
    /// The write happened. Holds the row as it is now, where the caller asked for it.
    Done(Item),
    /// The condition failed. Holds the row that was there, if any.
    Refused(Option<Item>),
}

impl Written {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// Failed condition, with the row that was there, if any.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Option<Item>);

impl Refused {
    pub(crate) fn of(raw: Option<&Raw>) -> Self {
        Self(raw.filter(|raw| !raw.is_empty()).map(|raw| Item(raw.clone())))
    }
}

/// Tables of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) client: Client,
    names: [String; Table::ALL.len()],
    pub(crate) capacity: Arc<Capacity>,
}

/// Error that tells whether the condition failed.
trait Refusal {
    fn refused(&self) -> Option<Refused>;
}

macro_rules! refusals {
    ($($error:ident),*) => {
        $(
            impl Refusal for $error {
                fn refused(&self) -> Option<Refused> {
                    match self {
                        Self::ConditionalCheckFailedException(refused) => Some(Refused::of(refused.item())),
                        _ => None,
                    }
                }
            }
        )*
    };
}
refusals!(PutItemError, UpdateItemError, DeleteItemError);

impl Tables {
    pub(crate) fn new(client: Client, names: &Names) -> Self {
        let names = Table::ALL.map(|table| names.table(table.as_str()));
        Self { client, names, capacity: Arc::new(Capacity::default()) }
    }

    pub(crate) fn name(&self, table: Table) -> &str {
        &self.names[table as usize]
    }

    pub(crate) fn table(&self, name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| self.name(*table) == name)
    }

    /// Reads a row, strongly consistent.
    pub(crate) async fn get(&self, table: Table, key: Key) -> Result<Option<Item>> {
        let request = self.client.get_item().table_name(self.name(table)).consistent_read(true);
        let request = request.set_key(Some(Item::from(key).0)).return_consumed_capacity(TOTAL);
        let output =
            patiently(|| async { request.clone().send().await.map_err(|error| failure("GetItem", error)) });
        let output = output.await?;
        self.capacity.add(table, Access::Read, output.consumed_capacity());
        Ok(output.item.map(Item))
    }

    pub(crate) async fn put(&self, table: Table, item: Item, test: Option<Test>) -> Result<Written> {
        let mut placeholders = Placeholders::default();
        let condition = test.map(|test| placeholders.test(test));
        let (names, values) = placeholders.finish();
        let request = self
            .client
            .put_item()
            .table_name(self.name(table))
            .set_item(Some(item.0))
            .set_return_values_on_condition_check_failure(condition.is_some().then_some(ALL_OLD))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_consumed_capacity(TOTAL);
        patiently(|| async {
            let outcome = request.clone().send().await;
            let consumed = outcome.as_ref().ok().and_then(|output| output.consumed_capacity().cloned());
            self.capacity.add(table, Access::Write, consumed.as_ref());
            self.judge("PutItem", table, outcome.map(|_| Item::default()))
        })
        .await
    }

    /// Updates a row. The answer holds the row as it is now.
    pub(crate) async fn update(&self, table: Table, key: Key, update: Update, test: Test) -> Result<Written> {
        let mut placeholders = Placeholders::default();
        let expression = placeholders.update(update);
        let condition = placeholders.test(test);
        let (names, values) = placeholders.finish();
        let request = self
            .client
            .update_item()
            .table_name(self.name(table))
            .set_key(Some(Item::from(key).0))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ALL_OLD)
            .return_consumed_capacity(TOTAL);
        patiently(|| async {
            let outcome = request.clone().send().await;
            let consumed = outcome.as_ref().ok().and_then(|output| output.consumed_capacity().cloned());
            self.capacity.add(table, Access::Write, consumed.as_ref());
            let row = outcome.map(|output| Item(output.attributes.unwrap_or_default()));
            self.judge("UpdateItem", table, row)
        })
        .await
    }

    pub(crate) async fn delete(&self, table: Table, key: Key, test: Option<Test>) -> Result<Written> {
        let mut placeholders = Placeholders::default();
        let condition = test.map(|test| placeholders.test(test));
        let (names, values) = placeholders.finish();
        let request = self
            .client
            .delete_item()
            .table_name(self.name(table))
            .set_key(Some(Item::from(key).0))
            .set_return_values_on_condition_check_failure(condition.is_some().then_some(ALL_OLD))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_consumed_capacity(TOTAL);
        patiently(|| async {
            let outcome = request.clone().send().await;
            let consumed = outcome.as_ref().ok().and_then(|output| output.consumed_capacity().cloned());
            self.capacity.add(table, Access::Write, consumed.as_ref());
            self.judge("DeleteItem", table, outcome.map(|_| Item::default()))
        })
        .await
    }

    fn judge<E, R>(
        &self,
        call: &str,
        table: Table,
        outcome: std::result::Result<Item, SdkError<E, R>>,
    ) -> std::result::Result<Written, Failure>
    where
        E: Refusal + aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let error = match outcome {
            Ok(row) => return Ok(Written::Done(row)),
            Err(error) => error,
        };
        match error.as_service_error().and_then(Refusal::refused) {
            Some(Refused(row)) => {
                self.capacity.add_refused(table);
                Ok(Written::Refused(row))
            }
            None => Err(failure(call, error)),
        }
    }
}
