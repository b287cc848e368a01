//! Executions that DynamoDB has removed by their time, as its stream tells of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use belfry_domain::Execution;
use serde::Deserialize;

use super::{
    item::Item,
    rows::{REVISION, decode},
};

/// What Lambda hands over of a stream, as far as it matters here.
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    event: String,
    dynamodb: Option<Images>,
}

#[derive(Debug, Deserialize)]
struct Images {
    #[serde(rename = "OldImage")]
    old: Option<HashMap<String, Attribute>>,
}

/// Rows have no attributes but these.
#[derive(Debug, Clone, Deserialize)]
enum Attribute {
    S(String),
    N(String),
    #[serde(other)]
    Other,
}

impl StreamEvent {
    /// The rows of executions among what was removed, whole. One that can't be read is told of in
    /// the log; it does not hold up the others.
    pub fn removed(&self) -> Vec<Execution> {
        let removed = self.records.iter().filter(|record| record.event == "REMOVE");
        let images = removed.filter_map(|record| record.dynamodb.as_ref()?.old.as_ref());
        images.map(item).filter(is_execution).filter_map(|item| readable(&item)).collect()
    }
}

fn item(image: &HashMap<String, Attribute>) -> Item {
    let attributes = image.iter().filter_map(|(name, value)| {
        let value = match value {
            Attribute::S(text) => AttributeValue::S(text.clone()),
            Attribute::N(number) => AttributeValue::N(number.clone()),
            Attribute::Other => return None,
        };
        Some((name.clone(), value))
    });
    Item(attributes.collect())
}

/// Waiters and outputs stand in the same table; neither counts its writes.
fn is_execution(item: &Item) -> bool {
    item.has(&REVISION)
}

fn readable(item: &Item) -> Option<Execution> {
    decode(item).inspect_err(|why| tracing::error!(row = item.name(), %why, "not archived")).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use belfry_domain::{Run, Status, TimerKey, Timestamp, Trigger};
    use serde_json::{Value, json};

    use super::*;
    use crate::dynamodb::rows::Layout;

    fn ended(id: &str) -> Execution {
        let guard = TimerKey { shard: 0, fire_at: Timestamp(0), what: "start a@x 1".parse().unwrap() };
        let run = Run { id: id.to_owned(), root: None, more_roots: vec![], graph: 1 };
        let row = Execution::new(id.parse().unwrap(), run, Trigger::Push, Timestamp(0), Timestamp(0), guard);
        Execution { status: Status::Success, end_time: Some(Timestamp(9)), input: Some(json!([1])), ..row }
    }

    /// As the stream writes it.
    fn image(row: &Execution) -> Value {
        let layout = Layout { buckets: 4, retention: Duration::from_secs(60) };
        let attributes = layout.item(row.clone()).unwrap().0.into_iter();
        let typed = attributes.map(|(name, value)| match value {
            AttributeValue::S(text) => (name, json!({ "S": text })),
            AttributeValue::N(number) => (name, json!({ "N": number })),
            other => panic!("rows have no {other:?}"),
        });
        Value::Object(typed.collect())
    }

    fn removed(records: &Value) -> Vec<Execution> {
        let event = json!({ "Records": records });
        serde_json::from_value::<StreamEvent>(event).unwrap().removed()
    }

    #[test]
    fn what_was_removed_comes_back_whole() {
        let rows = [ended("a@x"), ended("b@y")];
        let record = |event: &str, image: Value| json!({ "eventName": event, "dynamodb": { "OldImage": image, "StreamViewType": "OLD_IMAGE" } });
        let waiter = json!({ "pk": {"S": "w#a@x"}, "sk": {"S": "b@y"}, "expires_at": {"N": "7"} });
        let broken =
            json!({ "pk": {"S": "a#1"}, "sk": {"S": "x"}, "revision": {"N": "1"}, "doc": {"S": "{"} });
        let odd = json!({ "pk": {"S": "a#1"}, "sk": {"S": "x"}, "list": {"L": []} });
        let records = json!([
            record("REMOVE", image(&rows[0])),
            record("MODIFY", image(&rows[1])),
            record("REMOVE", waiter),
            record("REMOVE", broken),
            record("REMOVE", odd),
            record("REMOVE", image(&rows[1])),
            { "eventName": "REMOVE", "dynamodb": { "Keys": {} } },
        ]);
        assert_eq!(removed(&records), rows);
        assert_eq!(removed(&json!([])), []);
    }
}
