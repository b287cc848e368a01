//! Validation of a job's `for_each`, before its list exists.

use serde_json::Value;

use super::{
    spec::JobSpec,
    validate::{MAX_INPUT_BYTES, Problem},
};

/// Maximum number of elements of one list.
const MOST_ELEMENTS: u32 = 10_000;
const WANTED: &str = "must be a list, or `{\"$result\": \"job\"}` with a dependency of the job and, \
                      optionally, `\"at\": \"/pointer\"`";

pub(super) fn check_for_each(problems: &mut Vec<Problem>, spec: &JobSpec) {
    if spec.max_elements.is_some_and(|most| most == 0 || most > MOST_ELEMENTS) {
        problems.push(Problem::new("max_elements", format!("must be between 1 and {MOST_ELEMENTS}")));
    }
    if spec.for_each.is_some() && spec.limits().is_some_and(|limits| limits.holds_until_end()) {
        let message = "`forbid` and `replace` would keep the elements of `for_each` from starting; use \
                       `max_concurrency` alone";
        problems.push(Problem::new("concurrency", message));
    }
    match &spec.for_each {
        None if spec.max_elements.is_some() => {
            problems.push(Problem::new("max_elements", "has no effect without `for_each`"));
        }
        None => {}
        Some(Value::Array(list)) => check_list(problems, list, spec),
        Some(reference) => check_reference(problems, reference, spec),
    }
}

fn check_list(problems: &mut Vec<Problem>, list: &[Value], spec: &JobSpec) {
    let most = spec.max_elements();
    if list.len() > most as usize {
        let count = list.len();
        let message = format!("has {count} elements, `max_elements` allows {most}");
        problems.push(Problem::new("for_each", message));
    }
    if spec.for_each.as_ref().is_some_and(|list| list.to_string().len() > MAX_INPUT_BYTES) {
        problems.push(Problem::new("for_each", format!("must have at most {MAX_INPUT_BYTES} bytes as JSON")));
    }
}

fn check_reference(problems: &mut Vec<Problem>, reference: &Value, spec: &JobSpec) {
    let fields = reference.as_object();
    let is_known = |name: &String| name == "$result" || name == "at";
    let is_well_formed = fields.is_some_and(|fields| {
        fields.keys().all(is_known) && fields.get("at").is_none_or(|at| at.as_str().is_some_and(is_pointer))
    });
    let named = fields.and_then(|fields| fields.get("$result")).and_then(Value::as_str);
    match named {
        Some(name) if is_well_formed => {
            if !spec.dependencies.iter().any(|dependency| dependency.as_str() == name) {
                let message = format!("`{name}` is not among the job's `dependencies`");
                problems.push(Problem::new("for_each.$result", message));
            }
        }
        _ => problems.push(Problem::new("for_each", WANTED)),
    }
}

/// Whether a text is a JSON pointer (RFC 6901).
fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}
