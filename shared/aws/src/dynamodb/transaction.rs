//! The parts of a transaction as the SDK wants them.

use aws_sdk_dynamodb::types::{
    Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update as UpdatePart,
};

use super::{
    Result,
    client::{Tables, What, Write},
    error::unavailable,
    expression::Placeholders,
    item::Item,
};

const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl Write {
    pub(crate) fn prepare(self, tables: &Tables) -> Result<TransactWriteItem> {
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
