//! Executions as items.
//!
//! `fixed` (the work and its input) is written once, with the row; later writes leave it as it is.

use std::time::Duration;

use belfry_domain::{Execution, Shards, Status, Timestamp, Work};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Result,
    error::{unavailable, unreadable},
    expression::Update,
    item::{Attribute, Item},
    keys,
};

pub(crate) const DOC: Attribute<String> = Attribute::new("doc");
pub(crate) const FIXED: Attribute<String> = Attribute::new("fixed");
pub(crate) const REVISION: Attribute<u64> = Attribute::new("revision");
/// Attribute for DynamoDB's time to live, in seconds since the epoch.
pub(crate) const EXPIRES_AT: Attribute<i64> = Attribute::new("expires_at");

/// Index of the table of executions.
pub(crate) struct Index {
    pub(crate) name: &'static str,
    pub(crate) pk: Attribute<String>,
    pub(crate) sk: Attribute<String>,
}

impl Index {
    const fn new(name: &'static str, pk: &'static str, sk: &'static str) -> Self {
        Self { name, pk: Attribute::new(pk), sk: Attribute::new(sk) }
    }
}

pub(crate) const RECENT: Index = Index::new("recent", "recent_pk", "recent_sk");
pub(crate) const BY_STATUS: Index = Index::new("by_status", "status_pk", "status_sk");
pub(crate) const BY_RUN: Index = Index::new("by_run", "run_pk", "run_sk");
pub(crate) const BY_DUE: Index = Index::new("by_due", "due_pk", "due_sk");

/// Number of keys that the index of recent executions is spread over. One key takes 1,000 writes a
/// second.
pub(crate) const RECENT_SPREADS: u16 = 16;
pub(crate) const STATUS_SPREADS: u16 = 4;
/// Maximum distance between the instant in an execution's name and its `due` with which it is still
/// listed by its name: the longest jitter, and an hour.
pub(crate) const NAME_HOLDS_FOR: Duration = Duration::from_secs(25 * 3600);

#[derive(Serialize, Deserialize)]
struct Fixed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work: Option<Box<Work>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
}

/// Layout of the rows in this installation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) buckets: u16,
    pub(crate) retention: Duration,
}

type Listed = Option<(String, String)>;

impl Layout {
    /// Item for a row that is created.
    pub(crate) fn item(self, mut row: Execution) -> Result<Item> {
        let fixed = Fixed { work: row.work.take(), input: row.input.take() };
        let is_empty = fixed.work.is_none() && fixed.input.is_none();
        let fixed = if is_empty { None } else { Some(serde_json::to_string(&fixed).map_err(unavailable)?) };
        let item = Item::from(keys::execution(&row.id, self.buckets))
            .with(&DOC, doc(&row)?)
            .with_some(&FIXED, fixed)
            .with(&REVISION, row.revision)
            .with_some(&EXPIRES_AT, row.end_time.map(|end| self.expires_at(end)));
        let listed = [
            (RECENT, Some(recent(&row))),
            (BY_STATUS, by_status(&row)),
            (BY_RUN, by_run(&row)),
            (BY_DUE, by_due(&row)),
        ];
        Ok(listed.into_iter().fold(item, |item, (index, keys)| match keys {
            Some((pk, sk)) => item.with(&index.pk, pk).with(&index.sk, sk),
            None => item,
        }))
    }

    /// Update for a later write of the row. It leaves out the keys and the fixed part (`work` and
    /// `input`), which never change.
    pub(crate) fn update(self, row: &mut Execution) -> Result<Update> {
        let fixed = (row.work.take(), row.input.take());
        let doc = doc(row);
        (row.work, row.input) = fixed;
        let update = Update::default().set(&DOC, doc?).set(&REVISION, row.revision);
        let update = update.put(&EXPIRES_AT, row.end_time.map(|end| self.expires_at(end)));
        let listed = [(BY_STATUS, by_status(row)), (BY_DUE, by_due(row))];
        Ok(listed.into_iter().fold(update, |update, (index, keys)| {
            let (pk, sk) = keys.unzip();
            update.put(&index.pk, pk).put(&index.sk, sk)
        }))
    }

    /// Second in which a row expires whose retention counts from this instant.
    pub(crate) fn expires_at(self, from: Timestamp) -> i64 {
        from.plus(self.retention).second().saturating_add(1)
    }
}

fn doc(row: &Execution) -> Result<String> {
    serde_json::to_string(row).map_err(unavailable)
}

pub(crate) fn decode(item: &Item) -> Result<Execution> {
    let broken = |why: serde_json::Error| unreadable(item.name(), why);
    let mut row: Execution = serde_json::from_str(&item.need(&DOC)?).map_err(broken)?;
    if item.has(&FIXED) {
        let fixed: Fixed = serde_json::from_str(&item.need(&FIXED)?).map_err(broken)?;
        (row.work, row.input) = (fixed.work, fixed.input);
    }
    Ok(row)
}

pub(crate) fn recent_spread(number: u16) -> String {
    format!("recent#{number}")
}

fn recent(row: &Execution) -> (String, String) {
    let spread = Shards(RECENT_SPREADS).of(row.id.as_str());
    (recent_spread(spread), format!("{}#{}", keys::written(row.created_at), row.id))
}

pub(crate) fn status_spread(status: Status, number: u16) -> String {
    format!("{status}#{number}")
}

fn by_status(row: &Execution) -> Listed {
    if !is_listed_by_status(row.status) {
        return None;
    }
    let spread = Shards(STATUS_SPREADS).of(row.id.as_str());
    Some((status_spread(row.status, spread), format!("{}#{}", keys::written(row.due), row.id)))
}

/// Whether executions with this status are listed by status. A success is not, because that would cost
/// a write for each execution.
pub(crate) fn is_listed_by_status(status: Status) -> bool {
    status.is_terminal() && status != Status::Success
}

fn by_run(row: &Execution) -> Listed {
    (row.run.id != row.id.as_str()).then(|| (row.run.id.clone(), row.id.to_string()))
}

fn by_due(row: &Execution) -> Listed {
    let is_near = |at: Timestamp| at.since(row.due).max(row.due.since(at)) <= NAME_HOLDS_FOR;
    if keys::instant_in_name(&row.id).is_some_and(is_near) {
        return None;
    }
    Some((row.job_id().to_string(), keys::by_due(&row.id, row.due)))
}

#[cfg(test)]
mod tests {
    use belfry_domain::{ExecutionId, Run, TimerKey, Trigger};
    use serde_json::json;

    use super::*;
    use crate::dynamodb::expression::Placeholders;

    const LAYOUT: Layout = Layout { buckets: 4, retention: Duration::from_secs(60) };

    fn row(id: &str, due: i64) -> Execution {
        let id: ExecutionId = id.parse().unwrap();
        let run = Run { id: id.to_string(), root: None, more_roots: vec![], graph: 1 };
        let guard = TimerKey { shard: 0, fire_at: Timestamp(0), what: "start a@x 1".parse().unwrap() };
        Execution::new(id, run, Trigger::Schedule, Timestamp(due), Timestamp(5), guard)
    }

    #[test]
    fn a_row_comes_back_with_what_is_fixed() {
        let row = Execution { input: Some(json!({ "a": [null, 0.5] })), ..row("a@x", 0) };
        let item = LAYOUT.item(row.clone()).unwrap();
        assert!(item.has(&FIXED) && !item.need(&DOC).unwrap().contains("input"));
        assert_eq!(decode(&item).unwrap(), row);
    }

    #[test]
    fn a_scheduled_slot_stands_in_one_index_only() {
        let item = LAYOUT.item(row("a@1970-01-01T00:00:00Z", 60_000)).unwrap();
        assert!(item.has(&RECENT.pk));
        for index in [BY_STATUS, BY_RUN, BY_DUE] {
            assert!(!item.has(&index.pk) && !item.has(&index.sk), "{}", index.name);
        }
        assert!(!item.has(&EXPIRES_AT));
    }

    #[test]
    fn what_is_due_far_from_its_name_is_listed_by_its_instant() {
        for (id, due) in [("a@key", 0), ("a@1970-01-01T00:00:00Z", 90_001_000)] {
            assert!(LAYOUT.item(row(id, due)).unwrap().has(&BY_DUE.pk), "{id}");
        }
    }

    #[test]
    fn an_end_is_listed_unless_it_is_a_success() {
        let ended = |status| Execution { status, end_time: Some(Timestamp(1_000)), ..row("a@x", 0) };
        let failed = LAYOUT.item(ended(Status::Failed)).unwrap();
        assert!(failed.get(&BY_STATUS.pk).is_some_and(|pk| pk.starts_with("failed#")));
        assert_eq!(failed.get(&EXPIRES_AT), Some(62), "not a moment early");
        assert!(!LAYOUT.item(ended(Status::Success)).unwrap().has(&BY_STATUS.pk));
    }

    #[test]
    fn an_update_names_each_attribute_once_and_leaves_what_is_fixed() {
        let mut row = Execution { input: Some(json!(1)), ..row("a@x", 0) };
        let update = LAYOUT.update(&mut row).unwrap();
        assert_eq!(row.input, Some(json!(1)));
        let text = Placeholders::default().update(update);
        assert_eq!(
            text,
            "SET #doc = :v0, #revision = :v1, #due_pk = :v2, #due_sk = :v3 REMOVE #expires_at, #status_pk, #status_sk"
        );
    }
}
