//! Calls that read or write many rows.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{
    DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, Select, WriteRequest,
};

use super::{
    Result,
    capacity::{Access, Table},
    client::Tables,
    error::{failure, unavailable},
    expression::{Placeholders, Range, Test},
    item::{Item, Key, Raw},
    retry::{patiently, pause},
};

const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;
/// Maximum number of writes in a batch, by DynamoDB's limits.
const WRITES_IN_A_BATCH: usize = 25;
const READS_IN_A_BATCH: usize = 100;
/// Number of times that a batch is sent for the items that DynamoDB leaves undone.
const ROUNDS: u32 = 10;

/// Description of a query.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) range: Range,
    pub(crate) index: Option<&'static str>,
    pub(crate) is_consistent: bool,
    pub(crate) backwards: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) from: Option<Item>,
}

impl Query {
    /// Query over a whole range, forwards and strongly consistent.
    pub(crate) fn of(range: Range) -> Self {
        Self { range, index: None, is_consistent: true, backwards: false, limit: None, from: None }
    }

    pub(crate) fn backwards(self) -> Self {
        Self { backwards: true, ..self }
    }

    pub(crate) fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }

    pub(crate) fn lagging(self) -> Self {
        Self { is_consistent: false, ..self }
    }
}

/// Page of rows, and the key from which the next page goes on.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) items: Vec<Item>,
    pub(crate) count: u64,
    pub(crate) next: Option<Item>,
}

impl Tables {
    /// Reads one page: at most the limit, or as much as DynamoDB reads at once.
    pub(crate) async fn query(&self, table: Table, query: &Query) -> Result<Rows> {
        self.query_or_count(table, query, None).await
    }

    async fn query_or_count(&self, table: Table, query: &Query, select: Option<Select>) -> Result<Rows> {
        if query.range.is_empty() {
            return Ok(Rows::default());
        }
        let mut placeholders = Placeholders::default();
        let condition = placeholders.range(query.range.clone());
        let (names, values) = placeholders.finish();
        let request = self
            .client
            .query()
            .table_name(self.name(table))
            .set_index_name(query.index.map(str::to_owned))
            .key_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .consistent_read(query.is_consistent)
            .scan_index_forward(!query.backwards)
            .set_limit(query.limit.map(|limit| i32::try_from(limit.max(1)).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(query.from.clone().map(|from| from.0))
            .set_select(select)
            .return_consumed_capacity(TOTAL);
        let output =
            patiently(|| async { request.clone().send().await.map_err(|error| failure("Query", error)) });
        let output = output.await?;
        self.capacity.add(table, Access::Read, output.consumed_capacity());
        let count = u64::from(output.count().unsigned_abs());
        let next = output.last_evaluated_key.filter(|key| !key.is_empty()).map(Item);
        Ok(Rows { items: items(output.items), count, next })
    }

    /// Reads all rows of a range, however many pages they take.
    pub(crate) async fn query_all(&self, table: Table, query: Query) -> Result<Vec<Item>> {
        let (mut query, mut items) = (query, Vec::new());
        loop {
            let rows = self.query(table, &query).await?;
            items.extend(rows.items);
            query.from = rows.next;
            if query.from.is_none() {
                return Ok(items);
            }
        }
    }

    pub(crate) async fn count(&self, table: Table, query: Query) -> Result<u64> {
        let (mut query, mut count) = (query, 0);
        loop {
            let rows = self.query_or_count(table, &query, Some(Select::Count)).await?;
            count += rows.count;
            query.from = rows.next;
            if query.from.is_none() {
                return Ok(count);
            }
        }
    }

    /// Reads all rows of a table that meet the condition.
    pub(crate) async fn scan(&self, table: Table, is_consistent: bool, test: Test) -> Result<Vec<Item>> {
        let mut placeholders = Placeholders::default();
        let filter = placeholders.test(test);
        let (names, values) = placeholders.finish();
        let request = self
            .client
            .scan()
            .table_name(self.name(table))
            .consistent_read(is_consistent)
            .filter_expression(filter)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_consumed_capacity(TOTAL);
        let (mut found, mut from) = (Vec::new(), None::<Raw>);
        loop {
            let page = request.clone().set_exclusive_start_key(from);
            let output =
                patiently(|| async { page.clone().send().await.map_err(|error| failure("Scan", error)) });
            let output = output.await?;
            self.capacity.add(table, Access::Read, output.consumed_capacity());
            found.extend(items(output.items));
            from = output.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                return Ok(found);
            }
        }
    }

    /// Reads the rows that exist under these keys, strongly consistent, in no order.
    pub(crate) async fn get_all(&self, table: Table, keys: Vec<Key>) -> Result<Vec<Item>> {
        // DynamoDB refuses a key that is named twice.
        let keys: Vec<Key> = keys.into_iter().collect::<HashSet<_>>().into_iter().collect();
        if let [key] = &keys[..] {
            return Ok(self.get(table, key.clone()).await?.into_iter().collect());
        }
        let mut found = Vec::new();
        for keys in keys.chunks(READS_IN_A_BATCH) {
            let mut left: Vec<Raw> = keys.iter().map(|key| Item::from(key.clone()).0).collect();
            for round in 0..ROUNDS {
                let (rows, unread) = self.get_some(table, left).await?;
                found.extend(rows);
                left = unread;
                if left.is_empty() {
                    break;
                }
                pause(round).await;
            }
            if !left.is_empty() {
                return Err(unavailable("BatchGetItem: the table is throttled"));
            }
        }
        Ok(found)
    }

    async fn get_some(&self, table: Table, keys: Vec<Raw>) -> Result<(Vec<Item>, Vec<Raw>)> {
        let name = self.name(table);
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
        let wanted = wanted.build().map_err(unavailable)?;
        let request =
            self.client.batch_get_item().request_items(name, wanted).return_consumed_capacity(TOTAL);
        let output = patiently(|| async {
            request.clone().send().await.map_err(|error| failure("BatchGetItem", error))
        });
        let output = output.await?;
        output.consumed_capacity().iter().for_each(|used| self.capacity.add(table, Access::Read, Some(used)));
        let rows = output.responses.and_then(|mut responses| responses.remove(name));
        let unread = output.unprocessed_keys.and_then(|mut unread| unread.remove(name));
        Ok((items(rows), unread.map(|unread| unread.keys).unwrap_or_default()))
    }

    /// Puts rows, whatever is there. No two rows may have one key.
    pub(crate) async fn put_all(&self, table: Table, rows: Vec<Item>) -> Result<()> {
        let put = |row: Item| {
            let put = PutRequest::builder().set_item(Some(row.0)).build().map_err(unavailable)?;
            Ok(WriteRequest::builder().put_request(put).build())
        };
        self.write_all(table, rows.into_iter().map(put).collect::<Result<_>>()?).await
    }

    pub(crate) async fn delete_all(&self, table: Table, keys: Vec<Key>) -> Result<()> {
        let delete = |key: Key| {
            let key = Item::from(key).0;
            let delete = DeleteRequest::builder().set_key(Some(key)).build().map_err(unavailable)?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        self.write_all(table, keys.into_iter().map(delete).collect::<Result<_>>()?).await
    }

    async fn write_all(&self, table: Table, writes: Vec<WriteRequest>) -> Result<()> {
        for batch in writes.chunks(WRITES_IN_A_BATCH) {
            let mut left = batch.to_vec();
            for round in 0..ROUNDS {
                left = self.write_some(table, left).await?;
                if left.is_empty() {
                    break;
                }
                pause(round).await;
            }
            if !left.is_empty() {
                return Err(unavailable("BatchWriteItem: the table is throttled"));
            }
        }
        Ok(())
    }

    /// Sends one batch of writes, and returns the writes that DynamoDB left undone.
    async fn write_some(&self, table: Table, writes: Vec<WriteRequest>) -> Result<Vec<WriteRequest>> {
        let name = self.name(table);
        let writes = HashMap::from([(name.to_owned(), writes)]);
        let request = self.client.batch_write_item().set_request_items(Some(writes));
        let request = request.return_consumed_capacity(TOTAL);
        let output = patiently(|| async {
            request.clone().send().await.map_err(|error| failure("BatchWriteItem", error))
        });
        let output = output.await?;
        output
            .consumed_capacity()
            .iter()
            .for_each(|used| self.capacity.add(table, Access::Write, Some(used)));
        Ok(output.unprocessed_items.and_then(|mut left| left.remove(name)).unwrap_or_default())
    }
}

fn items(rows: Option<Vec<Raw>>) -> Vec<Item> {
    rows.unwrap_or_default().into_iter().map(Item).collect()
}
