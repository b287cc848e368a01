//! Results of dependencies in the inputs of dependents.
//!
//! `{"$result": "job_id"}` anywhere in an input stands for that dependency's result, and `{"$result":
//! "job_id", "at": "/rows/0"}` for the part that the JSON pointer names. A missing value becomes null:
//! the dependency gave no result, or was not waited for. A result that has gone with the retention of its
//! execution fails the attempt instead: it was waited for, and null is not what it was.
//!
//! In the input of a list's elements, `{"$element": true}` stands for the element, with `at` for a part
//! of it, and `{"$index": true}` for its place in the list.

use std::collections::HashMap;

use belfry_domain::{Execution, HumanDuration, JobId, Outcome};
use serde_json::{Map, Value};

use crate::{Engine, Result};

const REFERENCE: &str = "$result";
const POINTER: &str = "at";
const ELEMENT: &str = "$element";
const INDEX: &str = "$index";

/// Values that the references in an input stand for.
#[derive(Default)]
pub(crate) struct Meanings {
    /// Results by dependency. `None` where there are no dependencies: then `$result` has no meaning.
    results: Option<HashMap<JobId, Value>>,
    element: Option<(u32, Value)>,
}

/// Value, or the reason why it is not known.
pub(crate) type Known<T> = std::result::Result<T, String>;

impl Engine {
    /// Input with the results of dependencies, or the reason why they can't be filled in.
    pub(crate) async fn with_results(&self, mut input: Value, row: &Execution) -> Result<Known<Value>> {
        Ok(self.meanings(&[&input], row).await?.map(|meanings| {
            meanings.replace(&mut input);
            input
        }))
    }

    /// Results of the dependencies that any of these texts refer to, or the reason why one is not known any
    /// more.
    pub(crate) async fn meanings(&self, texts: &[&Value], row: &Execution) -> Result<Known<Meanings>> {
        if row.dependencies.is_empty() {
            return Ok(Ok(Meanings::default()));
        }
        let mut results = HashMap::new();
        let is_mentioned = |job_id: &JobId| texts.iter().any(|text| mentions(text, job_id));
        for (job_id, dependency) in row.dependencies.iter().filter(|(job_id, _)| is_mentioned(job_id)) {
            let ended = self.ports.executions.execution(&dependency.execution_id).await?;
            if ended.is_none() && dependency.outcome == Some(Outcome::Success) {
                let (id, retention) = (&dependency.execution_id, HumanDuration(self.settings.retention));
                return Ok(Err(format!("the result of {id} has gone with the retention ({retention})")));
            }
            results.insert(job_id.clone(), ended.and_then(|ended| ended.result).unwrap_or_default());
        }
        Ok(Ok(Meanings { results: Some(results), element: None }))
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

impl Meanings {
    pub(crate) fn set_element(&mut self, index: u32, element: Value) {
        self.element = Some((index, element));
    }

    pub(crate) fn replace(&self, input: &mut Value) {
        if let Some(part) = input.as_object().and_then(|fields| self.of(fields)) {
            *input = part;
            return;
        }
        match input {
            Value::Object(fields) => fields.values_mut().for_each(|value| self.replace(value)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            _ => {}
        }
    }

    /// Value that a reference stands for. `None` where `fields` is no reference.
    fn of(&self, fields: &Map<String, Value>) -> Option<Value> {
        let is = |word| fields.get(word) == Some(&Value::Bool(true));
        if let Some((index, element)) = &self.element {
            if is(ELEMENT) {
                return Some(part_of(Some(element), fields));
            }
            if is(INDEX) {
                return Some(Value::from(*index));
            }
        }
        let results = self.results.as_ref()?;
        let job_id = fields.get(REFERENCE)?.as_str()?;
        Some(part_of(results.get(job_id), fields))
    }
}

/// Value, or the part of it that the reference points at.
fn part_of(value: Option<&Value>, reference: &Map<String, Value>) -> Value {
    let pointer = reference.get(POINTER).and_then(Value::as_str).unwrap_or_default();
    value.and_then(|value| value.pointer(pointer)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn replaced(mut input: Value) -> Value {
        let results = HashMap::from([("ingest".parse().unwrap(), json!({ "rows": [7, 8] }))]);
        Meanings { results: Some(results), element: Some((4, json!({ "name": "x" }))) }.replace(&mut input);
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
        assert_eq!(replaced(json!({ "$element": true, "at": "/size" })), Value::Null);
    }

    #[test]
    fn an_element_stands_where_it_is_named() {
        let input = json!([{ "$element": true }, { "$element": true, "at": "/name" }, { "$index": true }, { "$element": 1 }]);
        assert_eq!(replaced(input), json!([{ "name": "x" }, "x", 4, { "$element": 1 }]));
    }

    #[test]
    fn what_was_put_in_is_not_looked_at_again() {
        let mut meanings = Meanings { results: Some(HashMap::new()), element: None };
        meanings.set_element(0, json!({ "$result": "secret" }));
        let mut input = json!({ "$element": true });
        meanings.replace(&mut input);
        assert_eq!(input, json!({ "$result": "secret" }));
    }

    #[test]
    fn without_dependencies_a_result_is_but_a_word() {
        let mut input = json!({ "$result": "ingest" });
        Meanings::default().replace(&mut input);
        assert_eq!(input, json!({ "$result": "ingest" }));
    }
}
