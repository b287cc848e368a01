//! The rows of the graph: its own, those of jobs and their versions, and those of dependents.

use belfry_domain::JobId;

use super::item::{Attribute, Key};

pub(crate) const VERSION: Attribute<u64> = Attribute::new("version");
/// Attribute: the graph's revision from which a version or a dependent counts.
pub(crate) const SINCE: Attribute<u64> = Attribute::new("since");
/// Attribute: the graph's first revision in which a dependent counts no longer.
pub(crate) const UNTIL: Attribute<u64> = Attribute::new("until");
pub(crate) const DEPENDENCIES: Attribute<Vec<String>> = Attribute::new("dependencies");
/// Attribute: the graph's revision after the commit that wrote the row. Later commits replace the row.
pub(crate) const COMMIT: Attribute<u64> = Attribute::new("commit_revision");
pub(crate) const PLAN: Attribute<String> = Attribute::new("plan");

pub(crate) const EDGE: &str = "d#";

pub(crate) fn graph_key() -> Key {
    Key::alone("graph")
}

pub(crate) fn head_key(id: &JobId) -> Key {
    Key::alone(id.as_str())
}

pub(crate) fn edge_key(dependency: &JobId, dependent: &JobId, version: u64) -> Key {
    Key::new(dependency.as_str(), format!("{EDGE}{dependent}#{version}"))
}

pub(crate) fn version_key(id: &JobId, version: u64) -> Key {
    Key::new(format!("v#{id}"), format!("{version:012}"))
}
