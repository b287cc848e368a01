//! Tests of full logs, where the tail is not all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use belfry_domain::ExecutionId;
use belfry_engine::ports::{Log, LogWriter, Logs, Output, StoreError};
use belfry_worker::targets::{TargetSettings, Targets};
use serde_json::json;

use crate::support::{result, run, settings};

/// Logs that were closed, by their references.
#[derive(Default)]
struct Kept {
    closed: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Whether writing fails.
    is_full: bool,
}

struct Writer(Arc<Kept>, String, Vec<u8>);

struct Keeper(Arc<Kept>);

#[async_trait]
impl LogWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if self.0.is_full {
            return Err(StoreError::Unavailable("no space left".to_owned()));
        }
        self.2.extend_from_slice(bytes);
        Ok(())
    }

    async fn close(self: Box<Self>) -> Result<String, StoreError> {
        self.0.closed.lock().unwrap().insert(self.1.clone(), self.2);
        Ok(self.1)
    }
}

#[async_trait]
impl Logs for Keeper {
    async fn open(&self, id: &ExecutionId, attempt: u32) -> Result<Box<dyn LogWriter>, StoreError> {
        Ok(Box::new(Writer(Arc::clone(&self.0), format!("{id}/{attempt}"), Vec::new())))
    }

    async fn read(&self, _: &str) -> Result<Option<Log>, StoreError> {
        unreachable!("a worker reads no logs")
    }

    async fn remove(&self, _: &[ExecutionId]) -> Result<(), StoreError> {
        unreachable!("a worker removes no logs")
    }
}

/// Runs a shell line and returns its output and its log.
async fn printed(line: &str, settings: TargetSettings, kept: Kept) -> (Output, Option<String>) {
    let kept = Arc::new(kept);
    let targets = Targets::new(settings).unwrap().keeping_logs(Some(Arc::new(Keeper(Arc::clone(&kept)))));
    let completion = run(&targets, json!({"type": "command", "command": line})).await;
    assert_eq!(result(&completion), None);
    let output = completion.output.unwrap();
    let log = kept.closed.lock().unwrap().values().next().map(|log| String::from_utf8(log.clone()).unwrap());
    (output, log)
}

fn numbers(to: u32) -> String {
    (1..=to).map(|number| number.to_string() + "\n").collect()
}

#[tokio::test]
async fn what_fits_into_the_tail_needs_no_log() {
    let (output, log) = printed("seq 1 900", settings(), Kept::default()).await;
    assert_eq!((output.tail, output.log, log), (numbers(900), None, None));
}

#[tokio::test]
async fn what_is_longer_is_there_from_its_beginning() {
    let (output, log) = printed("seq 1 900; seq 1 20000", settings(), Kept::default()).await;
    assert_eq!(log.unwrap(), numbers(900) + &numbers(20_000));
    assert_eq!(output.log.as_deref(), Some("report@2026-11-23T00:00:00Z/3"));
    assert!(output.tail.len() == 4096 && output.tail.ends_with("19999\n20000\n"));
}

#[tokio::test]
async fn a_log_is_bounded_and_says_so() {
    let bounded = TargetSettings { log_bytes: 10_000, output_tail_bytes: 100, ..settings() };
    let (output, log) = printed("seq 1 20000", bounded, Kept::default()).await;
    let (log, all) = (log.unwrap(), numbers(20_000));
    let left_out = all.len() - 10_000;
    let note = format!("\n[belfry: {left_out} bytes left out; the end of the output follows]\n");
    assert_eq!(log, format!("{}{note}{}", &all[..10_000], output.tail));
    assert_eq!(output.bytes, all.len() as u64);
}

#[tokio::test]
async fn an_attempt_does_not_fail_because_its_log_does() {
    let full = Kept { is_full: true, ..Kept::default() };
    let (output, log) = printed("seq 1 20000", settings(), full).await;
    assert_eq!((output.log, log), (None, None));
    assert!(output.tail.ends_with("20000\n"));
}
