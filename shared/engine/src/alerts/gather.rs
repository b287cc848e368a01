//! Many alerts of one cause, told as one: a host that does not answer fails a thousand jobs.
//!
//! The alert that stands for them, their group, is a row like any other. It is told half a minute after it
//! was opened, so that most of a flood is in its first notice, and again as more come. The others stay open
//! each for itself; receivers are not told of them. The group is over when all of them are.

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::Timestamp;
use futures::{StreamExt as _, stream};

use super::{
    repeat::{AT_ONCE, LONGEST_PAUSE, SHORTEST_PAUSE},
    stored::{change, reopened},
};
use crate::{
    Engine, Result,
    ports::{AlertRow, any_cause},
};

/// Number of open alerts of one cause, within the last hour, from which the next ones are told as one.
const ALIKE: usize = 3;
/// Number of alerts of one kind from which those that nobody knows of are told as one, whatever their causes.
const MANY: usize = 10;

impl Engine {
    /// Puts alerts that nobody knows of into groups, where there are many of one cause. Returns the rows as
    /// they are now, without those that others are changing, and an error of the store, if there was one.
    pub(super) async fn gather(&self, rows: Vec<AlertRow>) -> (Vec<AlertRow>, Result<()>) {
        let groups = groups_of(&rows, self.now());
        if groups.is_empty() {
            return (rows, Ok(()));
        }
        let mut failed = Ok(());
        let mut joins = BTreeMap::new();
        for (group, members) in groups {
            match self.open_group(&group, &members, &rows).await {
                Ok(()) => joins.extend(members.into_iter().map(|key| (key, group.clone()))),
                Err(error) => failed = Err(error),
            }
        }
        let join = |row: AlertRow| {
            let group = joins.get(&row.key).cloned();
            async move {
                if group.is_none() {
                    return Ok(Some(row));
                }
                // The group is tried instead.
                let next = AlertRow { group, tries: 1, revision: row.revision + 1, ..row };
                Ok(self.ports.alert_rows.keep_alert(&next).await?.then_some(next))
            }
        };
        let rows: Vec<Result<Option<AlertRow>>> =
            stream::iter(rows).map(join).buffered(AT_ONCE).collect().await;
        let (rows, lost): (Vec<_>, Vec<_>) = rows.into_iter().partition(Result::is_ok);
        let failed = failed.and(lost.into_iter().try_for_each(|error| error.map(drop)));
        (rows.into_iter().flatten().flatten().collect(), failed)
    }

    /// Opens a group, or notes that more have joined it. That comes before they join: whoever finds the group
    /// without members meanwhile looks again before it resolves it.
    async fn open_group(&self, key: &str, joining: &BTreeSet<String>, rows: &[AlertRow]) -> Result<()> {
        let now = self.now();
        let is_member = |row: &&AlertRow| {
            row.is_open() && (joining.contains(&row.key) || row.group.as_deref() == Some(key))
        };
        let members: Vec<&AlertRow> = rows.iter().filter(is_member).collect();
        let newest = members.iter().max_by_key(|row| (row.last_at, &row.key));
        let Some(newest) = newest else { return Ok(()) };
        let causes = if newest.cause.as_deref() == Some(key) { "one cause" } else { "several causes" };
        let summary = format!("{} alerts of {causes}. The newest: {}", members.len(), newest.summary);
        let group = AlertRow {
            members: Some(members.len()),
            next_try_at: now.plus(SHORTEST_PAUSE),
            ..AlertRow::new(key.to_owned(), newest.kind, summary, now)
        };
        let grown = |found: Option<AlertRow>| {
            let group = group.clone();
            Some(match found {
                None => group,
                Some(row) if row.is_open() => AlertRow {
                    summary: group.summary,
                    members: group.members,
                    last_at: now,
                    is_closing: false,
                    ..row
                },
                Some(row) => reopened(row, group),
            })
        };
        Ok(change(self.ports.alert_rows.as_ref(), key, grown).await?)
    }

    /// Whether the group still stands for open alerts.
    pub(super) async fn has_members(&self, group: &str) -> Result<bool> {
        let rows = self.ports.alert_rows.alerts().await?;
        Ok(rows.iter().any(|row| row.is_open() && row.group.as_deref() == Some(group)))
    }
}

/// Keys of the alerts that join a group, by the key of the group.
fn groups_of(rows: &[AlertRow], now: Timestamp) -> BTreeMap<String, BTreeSet<String>> {
    let untold = rows.iter().filter(|row| is_untold(row));
    let mut by_cause: BTreeMap<&String, Vec<&AlertRow>> = BTreeMap::new();
    for row in untold {
        if let Some(cause) = &row.cause {
            by_cause.entry(cause).or_default().push(row);
        }
    }
    let is_recent = |row: &AlertRow| row.is_open() && row.last_at.plus(LONGEST_PAUSE) > now;
    let is_open = |key: &str| rows.iter().any(|row| row.key == key && row.is_open());
    // An old flood of many causes is no reason to tell of a new failure among them.
    let still_grows = |key: &str| rows.iter().any(|row| row.key == key && is_recent(row));
    let is_alike = |row: &AlertRow, cause: &str| row.cause.as_deref() == Some(cause) && is_recent(row);
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut alone: BTreeMap<String, Vec<&AlertRow>> = BTreeMap::new();
    for (cause, members) in by_cause {
        let alike = rows.iter().filter(|row| is_alike(row, cause)).count();
        if alike >= ALIKE || is_open(cause) {
            groups.entry(cause.clone()).or_default().extend(members.iter().map(|row| row.key.clone()));
        } else {
            alone.entry(any_cause(members[0].kind)).or_default().extend(members);
        }
    }
    for (any, members) in alone {
        if members.len() > MANY || still_grows(&any) {
            groups.entry(any).or_default().extend(members.iter().map(|row| row.key.clone()));
        }
    }
    groups
}

/// Whether the alert is open and nobody knows of it, not even of an earlier opening.
fn is_untold(row: &AlertRow) -> bool {
    row.is_open() && row.tries == 0 && row.group.is_none() && row.members.is_none() && row.heard.is_empty()
}
