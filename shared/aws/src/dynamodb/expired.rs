//! Executions that DynamoDB has removed by their time to live, as reported by the table's stream.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use belfry_domain::Execution;
use serde::Deserialize;
use serde_json::Value;

use super::{
    item::Item,
    rows::{DOC, REVISION, decode},
};

/// Service that the stream names as the remover of rows whose time to live has ended.
const TIME_TO_LIVE: &str = "dynamodb.amazonaws.com";

/// Event that Lambda hands over from a stream, reduced to the parts that matter here.
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    user_identity: Option<Identity>,
    dynamodb: Option<Images>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    principal_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Images {
    #[serde(rename = "OldImage")]
    old: Option<HashMap<String, Value>>,
}

impl StreamEvent {
    /// Complete rows of executions among the rows that were removed by their time to live. A row that
    /// can't be read is logged in full, and does not hold up the others.
    pub fn expired(&self) -> Vec<Execution> {
        let expired = self.records.iter().filter_map(Record::expired);
        expired.map(item).filter(is_execution).filter_map(|item| readable(&item)).collect()
    }
}

impl Record {
    fn expired(&self) -> Option<&HashMap<String, Value>> {
        let by = self.user_identity.as_ref()?.principal_id.as_deref();
        let is_expired = self.event_name == "REMOVE" && by == Some(TIME_TO_LIVE);
        self.dynamodb.as_ref()?.old.as_ref().filter(|_| is_expired)
    }
}

/// Builds an item from a stream image. Only texts and numbers are read; rows hold nothing else.
fn item(image: &HashMap<String, Value>) -> Item {
    let attributes = image.iter().filter_map(|(name, value)| {
        let text = |kind| value.get(kind)?.as_str().map(str::to_owned);
        let value = text("S").map(AttributeValue::S).or_else(|| text("N").map(AttributeValue::N))?;
        Some((name.clone(), value))
    });
    Item(attributes.collect())
}

/// Whether an item is an execution. Waiters and outputs are in the same table, without a revision.
fn is_execution(item: &Item) -> bool {
    item.has(&REVISION)
}

fn readable(item: &Item) -> Option<Execution> {
    let untold = |why: &_| {
        let doc = item.get(&DOC).unwrap_or_default();
        tracing::error!(row = item.name(), %why, doc, "cannot archive an execution");
    };
    decode(item).inspect_err(untold).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use belfry_domain::{Run, Status, TimerKey, Timestamp, Trigger};
    use serde_json::json;

    use super::*;
    use crate::dynamodb::rows::Layout;

    fn ended(id: &str) -> Execution {
        let guard = TimerKey { shard: 0, fire_at: Timestamp(0), what: "start a@x 1".parse().unwrap() };
        let run = Run { id: id.to_owned(), root: None, more_roots: vec![], graph: 1 };
        let row = Execution::new(id.parse().unwrap(), run, Trigger::Push, Timestamp(0), Timestamp(0), guard);
        Execution { status: Status::Success, end_time: Some(Timestamp(9)), input: Some(json!([1])), ..row }
    }

    /// Item in the form that the stream has.
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

    fn expired(records: &Value) -> Vec<Execution> {
        let event = json!({ "Records": records });
        serde_json::from_value::<StreamEvent>(event).unwrap().expired()
    }

    fn record(event: &str, identity: &Value, image: &Value) -> Value {
        json!({ "eventName": event, "userIdentity": identity, "dynamodb": { "OldImage": image } })
    }

    #[test]
    fn what_time_has_removed_comes_back_whole() {
        let rows = [ended("a@x"), ended("b@y")];
        let ttl = json!({ "type": "Service", "principalId": TIME_TO_LIVE });
        let waiter = json!({ "pk": {"S": "w#a@x"}, "sk": {"S": "b@y"}, "expires_at": {"N": "7"} });
        let broken =
            json!({ "pk": {"S": "a#1"}, "sk": {"S": "x"}, "revision": {"N": "1"}, "doc": {"S": "{"} });
        let odd = json!({ "pk": {"S": "a#1"}, "sk": {"S": "x"}, "list": {"L": []} });
        let records = json!([
            record("REMOVE", &ttl, &image(&rows[0])),
            record("MODIFY", &ttl, &image(&rows[1])),
            record("REMOVE", &Value::Null, &image(&rows[1])),
            record("REMOVE", &json!({ "type": "User", "principalId": "somebody" }), &image(&rows[1])),
            record("REMOVE", &ttl, &waiter),
            record("REMOVE", &ttl, &broken),
            record("REMOVE", &ttl, &odd),
            record("REMOVE", &ttl, &image(&rows[1])),
            { "eventName": "REMOVE", "userIdentity": ttl, "dynamodb": { "Keys": {} } },
        ]);
        assert_eq!(expired(&records), rows);
        assert_eq!(expired(&json!([])), []);
    }
}
