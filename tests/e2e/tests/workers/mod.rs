//! Workers that are no part of belfry: a program in Python over HTTP, and targets that call back.

mod callback;
mod python;
mod stealing;

use std::time::Duration;

use belfry_e2e::{Server, until};
use libtest_mimic::Trial;
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

async fn until_it_is(server: &Server, id: &str, status: &str, within: Duration) -> Value {
    until(&format!("{id} is {status}"), within, async || {
        Some(server.api.execution(id).await).filter(|row| row["status"] == status)
    })
    .await
}

fn outcomes(row: &Value) -> Vec<&str> {
    row["attempts"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect()
}

pub fn cases() -> Vec<Trial> {
    cases![
        callback::it_ends_when_the_target_says_so,
        callback::it_times_out_when_the_target_says_nothing_and_is_retried,
        callback::cancelling_needs_nobody,
        python::it_runs_what_succeeds_what_fails_and_what_is_tried_again,
        python::it_keeps_what_lasts_longer_than_its_lease_and_stops_what_is_cancelled,
        python::its_work_is_back_when_it_was_killed,
        python::it_is_listed_and_can_be_drained,
        stealing::an_idle_pool_takes_from_the_deepest_that_permits_it,
    ]
}
