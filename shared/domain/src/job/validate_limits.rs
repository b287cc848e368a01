//! Validation of a job's limits.

use super::{spec::JobSpec, validate::Problem};
use crate::{Concurrency, MAX_CONCURRENCY, RateLimit};

/// Longest period of a rate in milliseconds: a day. The shortest is a millisecond.
const MAX_INTERVAL_MS: u128 = 24 * 3600 * 1000;

pub(super) fn check_limits(problems: &mut Vec<Problem>, spec: &JobSpec) {
    let permits = [
        ("max_concurrency", spec.max_concurrency),
        ("max_concurrency_per_key", spec.max_concurrency_per_key),
    ];
    for (field, permits) in permits {
        if permits.is_some_and(|permits| permits == 0 || permits > MAX_CONCURRENCY) {
            problems.push(Problem::new(field, format!("must be between 1 and {MAX_CONCURRENCY}")));
        }
    }
    if spec.concurrency == Some(Concurrency::Allow) && spec.max_concurrency.is_some() {
        let message = "contradicts `concurrency: allow`, which means no limit; give only one of them";
        problems.push(Problem::new("max_concurrency", message));
    }
    check_key(problems, spec);
    for (field, rate) in [("rate_limit", spec.rate_limit), ("rate_limit_per_key", spec.rate_limit_per_key)] {
        if let Some(rate) = rate {
            check_rate(problems, field, &rate);
        }
    }
    if spec.circuit.is_some_and(|circuit| circuit.open_for.is_zero()) {
        problems.push(Problem::new("circuit.open_for", "must be more than 0"));
    }
}

fn check_key(problems: &mut Vec<Problem>, spec: &JobSpec) {
    let of_keys = [
        ("max_concurrency_per_key", spec.max_concurrency_per_key.is_some()),
        ("rate_limit_per_key", spec.rate_limit_per_key.is_some()),
    ];
    if spec.concurrency_key.is_none() {
        for (field, _) in of_keys.into_iter().filter(|(_, given)| *given) {
            let message = "has no effect without `concurrency_key`, such as `input.customer_id`";
            problems.push(Problem::new(field, message));
        }
    } else if spec.limits().is_none() {
        let message =
            "has no effect alone; add `max_concurrency`, `max_concurrency_per_key` or `rate_limit_per_key`";
        problems.push(Problem::new("concurrency_key", message));
    }
}

fn check_rate(problems: &mut Vec<Problem>, field: &str, rate: &RateLimit) {
    let part = |name: &str| format!("{field}.{name}");
    for (name, value) in [("starts", rate.starts), ("burst", rate.burst)] {
        if value == 0 || value > 1_000_000 {
            problems.push(Problem::new(part(name), "must be between 1 and 1000000"));
        }
    }
    if rate.per.0.is_zero() {
        problems.push(Problem::new(part("per"), "must be more than 0"));
    } else if rate.per.0.as_millis() / u128::from(rate.starts.max(1)) > MAX_INTERVAL_MS {
        problems
            .push(Problem::new(part("per"), "allows less than one start per day; use a schedule instead"));
    } else if rate.per.0.as_millis() < u128::from(rate.starts) {
        problems.push(Problem::new(part("starts"), "must not allow more than one start per millisecond"));
    }
}
