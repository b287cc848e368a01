//! Ids that workers give themselves.

use belfry_domain::Problem;

const MAX_BYTES: usize = 128;

/// Problem of an id that can't be a worker's id. `None` where it can.
pub fn problem(id: &str) -> Option<Problem> {
    let is_one = (1..=MAX_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let message = "must be 1 to 128 printable ASCII characters without blanks";
    (!is_one).then(|| Problem::new("worker_id", message))
}
