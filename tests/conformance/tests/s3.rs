//! A bucket keeps full logs and archives. The tests run on an emulator of S3.

use std::{io::Read as _, process::Command};

use belfry_aws::dynamodb::StreamEvent;
use belfry_conformance::{Verdict, logs};
use belfry_emulator::{EXPIRED, Emulator};
use belfry_engine::ports::{Archive as _, StoreError};
use belfry_files::{Bucket, BucketArchive, BucketLogs};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

/// Output of `curl`, decompressed. `None` where the request is refused.
fn curl(args: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("curl").args(["--silent", "--fail"]).args(args).output().expect("curl runs");
    output.status.success().then_some(output.stdout)
}

fn bucket(name: &str) -> Bucket {
    let emulator = Emulator::shared();
    curl(&["--request", "PUT", &format!("{}/{name}", emulator.url())]).expect("a bucket is made");
    Bucket::new(name.to_owned(), &emulator.sdk_config())
}

#[tokio::test]
async fn logs_are_kept_in_a_bucket() -> Verdict {
    let keeper = BucketLogs(bucket("logs"));
    logs::logs_are_kept(&keeper, async |url: String| {
        curl(&[&url]).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    })
    .await
}

/// Does what the function does with an event, twice: Lambda repeats an event whose answer is lost.
#[tokio::test]
async fn what_time_has_removed_is_in_the_bucket_once() -> Verdict {
    let archive = BucketArchive(bucket("archive"));
    let event: StreamEvent = serde_json::from_str(EXPIRED).expect("an event");
    for _ in 0..2 {
        archive.keep(event.expired()).await?;
    }
    let url = format!("{}/archive", Emulator::shared().url());
    let listing = curl(&[&format!("{url}?list-type=2&prefix=executions/")]).expect("a listing");
    let listing = String::from_utf8_lossy(&listing).into_owned();
    let keys: Vec<&str> = listing.split("<Key>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    let days =
        ["executions/dt=2026-11-23/20261123T000005.250Z-", "executions/dt=2026-11-24/20261124T000005.250Z-"];
    assert!(keys.len() == 2 && keys.iter().zip(days).all(|(key, day)| key.starts_with(day)), "{keys:?}");
    let lines: Vec<Value> = keys.iter().flat_map(|key| lines(&format!("{url}/{key}"))).collect();
    let told: Vec<_> = lines.iter().map(|line| (&line["execution_id"], &line["status"])).collect();
    assert_eq!(
        told,
        [
            (&json!("daily_report@2026-11-23T00:00:00Z"), &json!("success")),
            (&json!("daily_report@2026-11-24T00:00:00Z"), &json!("failed")),
        ]
    );
    Ok(())
}

fn lines(url: &str) -> Vec<Value> {
    let file = curl(&[url]).expect("a file");
    let mut text = String::new();
    GzDecoder::new(file.as_slice()).read_to_string(&mut text).expect("gzip");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let nowhere = Bucket::new("nowhere".to_owned(), &Emulator::shared().sdk_config());
    let refused = nowhere.put("k", "text/plain", b"x".to_vec()).await;
    assert!(
        matches!(&refused, Err(StoreError::Unavailable(why)) if why.starts_with("s3://nowhere/k: 404")),
        "{refused:?}"
    );
}
