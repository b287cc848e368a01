//! Full logs: whole, by reference, one for each attempt.
//!
//! Logs are no part of a [`Backend`](crate::Backend): where a log is kept does not depend on the store.
//! So the test of each keeper of logs calls these cases itself, with a way to read what is kept
//! elsewhere.

use std::future::Future;

use belfry_engine::ports::{Log, Logs, StoreError};
use futures::TryStreamExt as _;

use crate::{Verdict, fixtures::id};

async fn keep(logs: &dyn Logs, name: &str, attempt: u32, pieces: &[&str]) -> Result<String, StoreError> {
    let mut log = logs.open(&id(name), attempt).await?;
    for piece in pieces {
        log.write(piece.as_bytes()).await?;
    }
    log.close().await
}

/// Text of a log. `None` where the log is gone.
async fn text<F, E>(logs: &dyn Logs, reference: &str, elsewhere: E) -> Result<Option<String>, StoreError>
where
    E: Fn(String) -> F,
    F: Future<Output = Option<String>>,
{
    Ok(match logs.read(reference).await? {
        None => None,
        Some(Log::Elsewhere(url)) => elsewhere(url).await,
        Some(Log::Here(pieces)) => {
            let bytes: Vec<Vec<u8>> = pieces.try_collect().await?;
            Some(String::from_utf8_lossy(&bytes.concat()).into_owned())
        }
    })
}

/// Runs all cases over one keeper of logs. `elsewhere` reads a log by its address.
pub async fn logs_are_kept<F, E>(logs: &dyn Logs, elsewhere: E) -> Verdict
where
    E: Fn(String) -> F,
    F: Future<Output = Option<String>>,
{
    let long = "0123456789".repeat(20_000);
    let first = keep(logs, "a@2026-11-23T00:00:00Z", 1, &["one\n", "", &long]).await?;
    let second = keep(logs, "a@2026-11-23T00:00:00Z", 2, &["two"]).await?;
    let generation = keep(logs, "a@2026-11-23T00:00:00Z~2", 1, &["again"]).await?;
    let named = keep(logs, "a.b-c_d@..:+key", 1, &["named"]).await?;
    let read = async |reference: &str| text(logs, reference, &elsewhere).await;
    assert_eq!(read(&first).await?, Some(format!("one\n{long}")), "whole");
    assert_eq!(read(&second).await?.as_deref(), Some("two"));
    assert_eq!(read(&generation).await?.as_deref(), Some("again"));
    assert_eq!(read(&named).await?.as_deref(), Some("named"));
    // One that is not closed is not seen, and leaves an earlier one where it is.
    let mut dropped = logs.open(&id("a@2026-11-23T00:00:00Z"), 2).await?;
    dropped.write(b"half").await?;
    drop(dropped);
    assert_eq!(read(&second).await?.as_deref(), Some("two"));
    let replaced = keep(logs, "a@2026-11-23T00:00:00Z", 2, &["two again"]).await?;
    assert_eq!(
        read(&replaced).await?.as_deref(),
        Some("two again"),
        "a repeated attempt's is the one that counts"
    );
    Ok(())
}

/// Checks removal, for keepers that do not remove logs by themselves.
pub async fn logs_go_with_their_executions(logs: &dyn Logs) -> Verdict {
    let gone = keep(logs, "a@x", 1, &["gone"]).await?;
    let stays = keep(logs, "a@x~2", 1, &["stays"]).await?;
    let nowhere = async |_| None;
    for _ in 0..2 {
        logs.remove(&[id("a@x"), id("b@never")]).await?;
        assert_eq!(text(logs, &gone, nowhere).await?, None);
        assert_eq!(text(logs, &stays, nowhere).await?.as_deref(), Some("stays"));
    }
    Ok(())
}
