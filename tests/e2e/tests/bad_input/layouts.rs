//! Stores whose layout is not this process's: it refuses to run, with code 2, and changes nothing.

use aws_sdk_dynamodb::Client;
use belfry_aws::{
    Names,
    dynamodb::{KeyLayout, Told},
};
use belfry_e2e::{Run, Up, run, run_with_variables};
use belfry_emulator::{Emulator, create_tables};
use rusqlite::Connection;
use tempfile::TempDir;

pub async fn a_database_of_a_newer_version_is_2() {
    let data = TempDir::new().unwrap();
    let mut server = Up::on(data.path()).start_leader().await;
    assert!(server.stop().await.success());
    let database = Connection::open(data.path().join("belfry.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 1000).unwrap();
    let refused = run(&["up", "--listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap()]).await;
    let why = refused.with_code(2).err();
    assert!(why.contains("format 1000 of a newer version of belfry"), "{why}");
}

pub async fn a_worker_of_another_layout_is_2() {
    let (emulator, names) = (Emulator::start(&[]).unwrap(), Names::new("belfry"));
    let sdk = emulator.sdk_config();
    create_tables(&Client::new(&sdk), &names).await;
    let refusal = async |variables: &[(&str, &str)], words: &str| {
        let variables = [&emulator.variables()[..], variables].concat();
        let refused: Run = run_with_variables(&variables, &["worker", "--pool", "gpu"]).await;
        let why = refused.with_code(2).err();
        assert!(why.contains(words), "{why}");
    };
    refusal(&[], "the installation has no layout yet").await;
    let told = Told { buckets: Some(8), ..Told::default() };
    assert_eq!(KeyLayout::learn(&sdk, &names, told).await.unwrap().buckets, 8);
    refusal(&[("BELFRY_KEY_BUCKETS", "4")], "but the installation was created with 8").await;
    refusal(&[("BELFRY_SHARDS", "16")], "set BELFRY_SHARDS back to 64, or leave it out").await;
    refusal(&[("BELFRY_KEY_BUCKETS", "0")], "must be from 1 to 64").await;
}
