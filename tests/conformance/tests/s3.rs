//! A bucket keeps full logs and archives as it should, on an emulator of S3.

use std::process::Command;

use belfry_conformance::{
    Verdict,
    fixtures::{at, row},
    logs,
};
use belfry_domain::{Execution, Status};
use belfry_emulator::Emulator;
use belfry_engine::ports::{Archive as _, StoreError};
use belfry_files::{Bucket, BucketAccess, BucketArchive, BucketLogs};
use serde_json::Value;

/// What `curl` says, decompressed; none where it is refused.
fn curl(args: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("curl").args(["--silent", "--fail"]).args(args).output().expect("curl runs");
    output.status.success().then_some(output.stdout)
}

fn bucket(name: &str) -> Bucket {
    let emulator = Emulator::shared();
    curl(&["--request", "PUT", &format!("{}/{name}", emulator.url())]).expect("a bucket is made");
    let sdk = emulator.sdk_config();
    Bucket::new(BucketAccess {
        bucket: name.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(emulator.url().to_owned()),
        credentials: sdk.credentials_provider(),
    })
}

#[tokio::test]
async fn logs_are_kept_in_a_bucket() -> Verdict {
    let keeper = BucketLogs(bucket("logs"));
    logs::logs_are_kept(&keeper, async |url: String| {
        curl(&[&url]).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    })
    .await
}

#[tokio::test]
async fn executions_are_archived_in_a_bucket() -> Verdict {
    let archive = BucketArchive(bucket("archive"));
    let ended = Execution { status: Status::Success, end_time: Some(at(5)), ..row("a@x") };
    for _ in 0..2 {
        archive.keep(vec![ended.clone()]).await?;
    }
    let url = format!("{}/archive", Emulator::shared().url());
    let listing = curl(&[&format!("{url}?list-type=2&prefix=executions/")]).expect("a listing");
    let listing = String::from_utf8_lossy(&listing).into_owned();
    let keys: Vec<&str> = listing.split("<Key>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    let [key] = keys[..] else { panic!("one file, not {keys:?}") };
    assert!(key.starts_with("executions/dt=2026-11-23/20261123T000000.005Z-"), "{key}");
    let file = curl(&[&format!("{url}/{key}")]).expect("the file");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file.as_slice()), &mut text)
        .expect("gzip");
    let line: Value = serde_json::from_str(&text).expect("a line of JSON");
    assert_eq!(line["execution_id"], "a@x");
    Ok(())
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let emulator = Emulator::shared();
    let nowhere = Bucket::new(BucketAccess {
        bucket: "nowhere".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(emulator.url().to_owned()),
        credentials: emulator.sdk_config().credentials_provider(),
    });
    let refused = nowhere.put("k", "text/plain", b"x".to_vec()).await;
    assert!(
        matches!(&refused, Err(StoreError::Unavailable(why)) if why.starts_with("s3://nowhere/k: 404")),
        "{refused:?}"
    );
}
