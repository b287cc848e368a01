//! Transactions: writes of several rows, all or nothing.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        CancellationReason, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, Update as UpdatePart,
    },
};

use super::{
    Result,
    capacity::{Access, Table},
    client::{Refused, Tables},
    error::{Failure, failure, unavailable},
    expression::{Placeholders, Test, Update},
    item::{Item, Key},
    retry::patiently,
};

const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;
const CONDITION_FAILED: &str = "ConditionalCheckFailed";
/// Reasons for a cancellation that pass by themselves, with what they mean.
const PASSING: [(&str, &str); 3] = [
    ("TransactionConflict", "other requests keep writing these rows"),
    ("ThrottlingError", "a table of the transaction is throttled"),
    ("ProvisionedThroughputExceeded", "a table of the transaction is throttled"),
];

/// Result of a transaction.
#[derive(Debug)]
pub(crate) enum Transacted {
    Done,
    /// For each write, `None` where its condition held.
    Refused(Vec<Option<Refused>>),
}

/// Write that is a part of a transaction.
pub(crate) struct Write {
    pub(crate) table: Table,
    pub(crate) what: What,
    pub(crate) test: Option<Test>,
}

pub(crate) enum What {
    Put(Item),
    Update(Key, Update),
    Delete(Key),
}

impl Write {
    pub(crate) fn put(table: Table, item: Item) -> Self {
        Self { table, what: What::Put(item), test: None }
    }

    pub(crate) fn update(table: Table, key: Key, update: Update) -> Self {
        Self { table, what: What::Update(key, update), test: None }
    }

    pub(crate) fn delete(table: Table, key: Key) -> Self {
        Self { table, what: What::Delete(key), test: None }
    }

    pub(crate) fn provided(self, test: Test) -> Self {
        Self { test: Some(test), ..self }
    }
}

impl Tables {
    /// Makes all writes or none. If they are refused, the result tells for each write whether its
    /// condition failed, with the row that was there.
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<Transacted> {
        let tables: Vec<Table> = writes.iter().map(|write| write.table).collect();
        let items: Vec<TransactWriteItem> =
            writes.into_iter().map(|write| write.prepare(self)).collect::<Result<_>>()?;
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .return_consumed_capacity(TOTAL);
        patiently(|| async {
            match request.clone().send().await {
                Ok(output) => {
                    for consumed in output.consumed_capacity() {
                        if let Some(table) = consumed.table_name().and_then(|name| self.table(name)) {
                            self.capacity.add(table, Access::Write, Some(consumed));
                        }
                    }
                    Ok(Transacted::Done)
                }
                Err(error) => self.judge_cancellation(&tables, error),
            }
        })
        .await
    }

    fn judge_cancellation<R: std::fmt::Debug + 'static>(
        &self,
        tables: &[Table],
        error: SdkError<TransactWriteItemsError, R>,
    ) -> std::result::Result<Transacted, Failure> {
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
        else {
            return Err(failure("TransactWriteItems", error));
        };
        let reasons = cancelled.cancellation_reasons();
        let is = |code: &'static str| move |reason: &CancellationReason| reason.code() == Some(code);
        if reasons.iter().any(is(CONDITION_FAILED)) {
            for table in tables {
                self.capacity.add_refused(*table);
            }
            let refused = |reason: &CancellationReason| {
                is(CONDITION_FAILED)(reason).then(|| Refused::of(reason.item()))
            };
            return Ok(Transacted::Refused(reasons.iter().map(refused).collect()));
        }
        match PASSING.into_iter().find(|&(code, _)| reasons.iter().any(is(code))) {
            Some((_, why)) => Err(Failure::Busy(why.to_owned())),
            None => Err(failure("TransactWriteItems", error)),
        }
    }
}

impl Write {
    fn prepare(self, tables: &Tables) -> Result<TransactWriteItem> {
        let name = tables.name(self.table);
        let mut placeholders = Placeholders::default();
        let condition = self.test.map(|test| placeholders.test(test));
        let returns = condition.is_some().then_some(ALL_OLD);
        let item = TransactWriteItem::builder();
        let item = match self.what {
            What::Put(row) => {
                let (names, values) = placeholders.finish();
                let put = Put::builder().table_name(name).set_item(Some(row.0));
                let put = put.set_condition_expression(condition).set_expression_attribute_names(names);
                let put = put.set_expression_attribute_values(values);
                item.put(
                    put.set_return_values_on_condition_check_failure(returns).build().map_err(unavailable)?,
                )
            }
            What::Update(key, update) => {
                let expression = placeholders.update(update);
                let (names, values) = placeholders.finish();
                let part = UpdatePart::builder().table_name(name).set_key(Some(Item::from(key).0));
                let part = part.update_expression(expression).set_condition_expression(condition);
                let part = part.set_expression_attribute_names(names).set_expression_attribute_values(values);
                item.update(
                    part.set_return_values_on_condition_check_failure(returns)
                        .build()
                        .map_err(unavailable)?,
                )
            }
            What::Delete(key) => {
                let (names, values) = placeholders.finish();
                let part = Delete::builder().table_name(name).set_key(Some(Item::from(key).0));
                let part = part.set_condition_expression(condition).set_expression_attribute_names(names);
                let part = part.set_expression_attribute_values(values);
                item.delete(
                    part.set_return_values_on_condition_check_failure(returns)
                        .build()
                        .map_err(unavailable)?,
                )
            }
        };
        Ok(item.build())
    }
}
