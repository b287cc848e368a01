//! Results of dependencies in the inputs of dependents.
//!
//! `{"$result": "job_id"}` anywhere in an input stands for that dependency's result, and
//! `{"$result": "job_id", "at": "/rows/0"}` for the part that the JSON pointer names. What is not
//! there is null: the dependency gave no result, or was not waited for.

use std::collections::HashMap;

use belfry_domain::{Execution, JobId};
use serde_json::Value;

use crate::{Engine, Result};

const REFERENCE: &str = "$result";
const POINTER: &str = "at";

impl Engine {
    pub(crate) async fn with_results(&self, mut input: Value, row: &Execution) -> Result<Value> {
        let mut results = HashMap::new();
        for (job_id, dependency) in row.dependencies.iter().filter(|(job_id, _)| mentions(&input, job_id)) {
            let ended = self.ports.executions.execution(&dependency.execution_id).await?;
            results.insert(job_id.clone(), ended.and_then(|ended| ended.result).unwrap_or_default());
        }
        if !row.dependencies.is_empty() {
            replace(&mut input, &results);
        }
        Ok(input)
    }
}

fn mentions(input: &Value, job_id: &JobId) -> bool {
    match input {
        Value::Object(fields) => {
            fields.get(REFERENCE).and_then(Value::as_str) == Some(job_id.as_str())
                || fields.values().any(|value| mentions(value, job_id))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, job_id)),
        _ => false,
    }
}

fn replace(input: &mut Value, results: &HashMap<JobId, Value>) {
    if let Some(part) = referred(input, results) {
        *input = part;
        return;
    }
    match input {
        Value::Object(fields) => fields.values_mut().for_each(|value| replace(value, results)),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, results)),
        _ => {}
    }
}

/// What a reference stands for; none where the value is no reference.
fn referred(input: &Value, results: &HashMap<JobId, Value>) -> Option<Value> {
    let fields = input.as_object()?;
    let job_id = fields.get(REFERENCE)?.as_str()?;
    let pointer = fields.get(POINTER).and_then(Value::as_str).unwrap_or_default();
    let part = results.get(job_id).and_then(|result| result.pointer(pointer));
    Some(part.cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn replaced(mut input: Value) -> Value {
        let results = HashMap::from([("ingest".parse().unwrap(), json!({ "rows": [7, 8] }))]);
        replace(&mut input, &results);
        input
    }

    #[test]
    fn a_reference_stands_for_the_result_or_a_part_of_it() {
        let input = json!({ "all": { "$result": "ingest" }, "first": [{ "$result": "ingest", "at": "/rows/0" }], "n": 1 });
        assert_eq!(replaced(input), json!({ "all": { "rows": [7, 8] }, "first": [7], "n": 1 }));
    }

    #[test]
    fn what_is_not_there_is_null() {
        assert_eq!(replaced(json!({ "$result": "other" })), Value::Null);
        assert_eq!(replaced(json!({ "$result": "ingest", "at": "/rows/9" })), Value::Null);
    }
}
