use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const COMPONENTS: &str = "#/components/schemas/";

/// The JSON Schema of a job file: one job, a list of jobs, or `{"jobs": [..]}`.
pub fn job_file_schema() -> Value {
    let document = serde_json::to_value(crate::openapi()).unwrap_or_default();
    let schemas = &document["components"]["schemas"];
    let mut definitions = Map::new();
    let mut missing = BTreeSet::from(["JobSpec".to_owned()]);
    while let Some(name) = missing.pop_first() {
        let mut schema = schemas[&name].clone();
        repoint(&mut schema, &mut missing);
        definitions.insert(name, schema);
        missing.retain(|name| !definitions.contains_key(name));
    }
    let job = json!({"$ref": "#/$defs/JobSpec"});
    let jobs = json!({"type": "array", "items": job, "description": "Jobs that are applied together or not at all."});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Belfry job file",
        "description": "One job, a list of jobs, or an object with a list of jobs.",
        "anyOf": [
            job,
            jobs,
            {"type": "object", "properties": {"jobs": jobs}, "required": ["jobs"], "additionalProperties": false},
        ],
        "$defs": definitions,
    })
}

/// Points references to `$defs`, and notes what they need there.
fn repoint(schema: &mut Value, needed: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get_mut("$ref")
                && let Some(name) = target.strip_prefix(COMPONENTS).map(str::to_owned)
            {
                *target = format!("#/$defs/{name}");
                needed.insert(name);
            }
            fields.values_mut().for_each(|field| repoint(field, needed));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| repoint(item, needed)),
        _ => {}
    }
}
