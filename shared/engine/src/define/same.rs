//! Whether a request is the one that its key stands for: by what it means, however it is written.

use std::mem;

use belfry_domain::{Execution, Target, Trigger, Work};
use serde_json::{Number, Value};

/// Whether two rows result from the same request. A row keeps the request's work and input unchanged.
pub(crate) fn asks_for_the_same(wanted: &Execution, existing: &Execution) -> bool {
    let asks_alike = wanted.trigger == existing.trigger
        && is_same(wanted.work.as_deref(), existing.work.as_deref(), is_same_work)
        && is_same(wanted.input.as_ref(), existing.input.as_ref(), is_same_value);
    // The rest of a trigger is up to the job, which may have changed since.
    let is_as_named = || wanted.priority == existing.priority && starts_as_named(wanted, existing);
    asks_alike && (wanted.trigger != Trigger::Push || is_as_named())
}

/// Whether two rows have the same start as their requests named it. A delay counts as written: from the
/// row's creation to `due`.
fn starts_as_named(wanted: &Execution, existing: &Execution) -> bool {
    let delay = |row: &Execution| row.due.since(row.created_at);
    match (wanted.run_at, existing.run_at) {
        (None, None) => delay(wanted) == delay(existing),
        // Earlier versions kept no more of an instant than when the row is due.
        (Some(named), None) => named == existing.due,
        (named, kept) => named == kept,
    }
}

fn is_same<T>(one: Option<&T>, other: Option<&T>, is_same: fn(&T, &T) -> bool) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => is_same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Whether two definitions of work are the same. The case of header names does not matter.
fn is_same_work(one: &Work, other: &Work) -> bool {
    one == other || headers_apart(one.clone()) == headers_apart(other.clone())
}

fn headers_apart(mut work: Work) -> (Work, Vec<(String, String)>) {
    let headers = match &mut work.target {
        Target::Http(target) => mem::take(&mut target.headers),
        _ => return (work, Vec::new()),
    };
    let plain = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
    let mut headers: Vec<_> = headers.into_iter().map(plain).collect();
    headers.sort_unstable();
    (work, headers)
}

fn is_same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => is_same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has_same = |(name, value)| other.get(name).is_some_and(|other| is_same_value(value, other));
            one.len() == other.len() && one.iter().all(has_same)
        }
        (one, other) => one == other,
    }
}

/// Compares numbers by value, so that `1` equals `1.0`. The comparison is exact even for large whole
/// numbers, several of which may read as the same `f64`.
fn is_same_number(one: &Number, other: &Number) -> bool {
    match (whole(one), whole(other)) {
        (None, None) => one == other,
        (one, other) => one == other,
    }
}

fn whole(number: &Number) -> Option<i128> {
    /// Limit below which an `f64` without fraction converts to `i128` without loss.
    const LIMIT: f64 = (1_u128 << 126) as f64;
    let is_whole = |number: &f64| number.fract() == 0.0 && number.abs() < LIMIT;
    number.as_i128().or_else(|| number.as_f64().filter(is_whole).map(|number| number as i128))
}
