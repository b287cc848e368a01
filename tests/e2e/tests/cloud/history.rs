//! History that outlives its row: the archive, and the full output of commands.

use std::io::Read as _;

use belfry_emulator::EXPIRED;
use flate2::read::GzDecoder;
use reqwest::{Method, header::LOCATION};
use serde_json::{Value, json};

use super::{
    caller::{BUCKET, Caller, curl},
    daemon::Daemon,
    installation::{COMMANDS, Installation, SOON, installation},
};

/// Number of lines, more than an execution shows.
const LINES: usize = 3_000;

/// The emulator's stream does not tell what TTL removes, so the test calls the function with the event
/// that AWS documents.
pub async fn what_time_has_removed_is_in_the_bucket() {
    let belfry = installation().await;
    let invoke = "/2015-03-31/functions/belfry-archive:live/invocations";
    assert_eq!(String::from_utf8_lossy(&signed(belfry, "lambda", &Method::POST, invoke, EXPIRED)), "null");
    let listing =
        signed(belfry, "s3", &Method::GET, &format!("/{BUCKET}?list-type=2&prefix=executions/"), "");
    let listing = String::from_utf8_lossy(&listing).into_owned();
    let keys: Vec<&str> = listing.split("<Key>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(keys.len(), 2, "one for each day: {listing}");
    let ids: Vec<Value> = keys.iter().flat_map(|key| ids_in(belfry, key)).collect();
    assert_eq!(ids, [json!("daily_report@2026-11-23T00:00:00Z"), json!("daily_report@2026-11-24T00:00:00Z")]);
}

pub async fn all_that_a_daemons_command_printed_is_found_through_the_api() {
    let belfry = installation().await;
    let _alone = COMMANDS.lock().await;
    let daemon = Daemon::start(belfry, &["--pool", "command"], &[("BELFRY_HISTORY_BUCKET", BUCKET)]);
    let id = belfry.push(json!({ "command": format!("seq {LINES}") })).await;
    belfry.until_it_is(&id, "success", SOON).await;
    let asked = belfry.api.request(Method::GET, &format!("/v1/executions/{id}/logs/1"));
    let answer = belfry.api.answer(asked).await;
    assert_eq!(answer.status, 307, "{}", answer.body);
    // Whoever has the address needs no rights.
    let log = curl(&[answer.header(LOCATION.as_str()).unwrap()], "");
    assert!(log.is_success, "{}", String::from_utf8_lossy(&log.body));
    let log = String::from_utf8(log.body).unwrap();
    assert!(log.lines().eq((1..=LINES).map(|line| line.to_string())), "{} bytes", log.len());
    daemon.end().await;
}

fn ids_in(belfry: &Installation, key: &str) -> Vec<Value> {
    let file = signed(belfry, "s3", &Method::GET, &format!("/{BUCKET}/{key}"), "");
    let mut text = String::new();
    GzDecoder::new(file.as_slice()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["execution_id"].clone()).collect()
}

/// Answer of a service to a caller who may do everything.
fn signed(belfry: &Installation, service: &str, method: &Method, path: &str, body: &str) -> Vec<u8> {
    let answer = Caller::of_the_account().ask(belfry, service, method, path, body);
    assert!(answer.is_success, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.body
}
