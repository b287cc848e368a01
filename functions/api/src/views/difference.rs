use belfry_domain::JobSpec;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// One field that differs between two versions of a definition.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Difference {
    /// Path of the field in the definition.
    #[schema(example = "retry.base")]
    pub path: String,
    /// Value before. `null` where the field was absent.
    pub before: Option<Value>,
    /// Value after. `null` where the field is gone.
    pub after: Option<Value>,
}

/// Differences field by field: objects are compared in depth, lists as a whole.
pub fn differences(before: &JobSpec, after: &JobSpec) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    {
        compare(&mut found, "", &before, &after);
    }
    found
}

fn compare(
    found: &mut Vec<Difference>,
    prefix: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added) {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (before.get(key), after.get(key)) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => compare(found, &path, before, after),
            (before, after) if before != after => {
                found.push(Difference { path, before: before.cloned(), after: after.cloned() });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_named_to_the_depth() {
        let spec = |json: Value| serde_json::from_value::<JobSpec>(json).unwrap();
        let before = spec(serde_json::json!({
            "job_id": "a", "schedule": "@daily", "tags": {"team": "x", "tier": "1"}, "retry": {"base": "2s"}
        }));
        let after = spec(serde_json::json!({
            "job_id": "a", "schedule": "@hourly", "tags": {"team": "y", "tier": "1"}, "retry": {"base": "4s"}, "pool": "big"
        }));
        let shown: Vec<_> = differences(&before, &after)
            .into_iter()
            .map(|d| {
                format!(
                    "{}: {:?} -> {:?}",
                    d.path,
                    d.before.map(|v| v.to_string()),
                    d.after.map(|v| v.to_string())
                )
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"));
        assert_eq!(differences(&before, &before), []);
    }
}
