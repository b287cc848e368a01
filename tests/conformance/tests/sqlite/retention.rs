//! Archive of old rows: each row is archived before it is removed, whatever happens on the way.

use std::{
    collections::BTreeMap,
    fs::{self, File as Opened},
    io::Read as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use belfry_conformance::{
    ManualClock,
    fixtures::{at, row},
    listing::MANY,
};
use belfry_domain::{Execution, Status};
use belfry_engine::{
    Engine, EngineError, Settings, SystemRandom,
    ports::{
        Alert, Alerts, Archive, ExecutionFilter, ExecutionStore as _, Fact, Observer, Ports, StoreError,
    },
};
use belfry_files::FolderArchive;
use belfry_sqlite::{MemoryQueue, Store};
use flate2::read::GzDecoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{File, lead};

const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);
/// Number of old executions, more than one write removes.
const OLD: i64 = 450;

struct Nobody;

impl Observer for Nobody {
    fn record(&self, _: Fact<'_>) {}
}

#[async_trait]
impl Alerts for Nobody {
    async fn raise(&self, _: Alert) -> Result<(), StoreError> {
        Ok(())
    }
}

fn engine(store: &Store) -> Engine {
    let clock = Arc::new(ManualClock::at(at(1_000).plus(RETENTION)));
    let (queue, _) = MemoryQueue::start(clock.clone(), Duration::ZERO).unwrap();
    let (store, random) = (Arc::new(store.clone()), Arc::new(SystemRandom));
    let ports = Ports::new(store, queue, clock, random, Arc::new(Nobody), Arc::new(Nobody));
    Engine::new(ports, Settings { retention: RETENTION, ..Settings::standalone() })
}

/// Writes old executions that have ended, a new one that has ended, and one that never ended.
async fn fill(store: &Store) {
    for number in 0..OLD {
        let ended =
            Execution { status: Status::Success, end_time: Some(at(number)), ..row(&format!("a@{number}")) };
        store.create(ended, None).await.unwrap();
    }
    let new = Execution { status: Status::Failed, end_time: Some(at(5_000)), ..row("a@new") };
    store.create(new, None).await.unwrap();
    store.create(row("a@waits"), None).await.unwrap();
}

async fn rows(store: &Store) -> usize {
    store.list(&ExecutionFilter::default(), None, MANY).await.unwrap().items.len()
}

/// Number of times that each execution is in the archive.
fn archived(folder: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for day in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in fs::read_dir(day).unwrap() {
            let mut text = String::new();
            GzDecoder::new(Opened::open(file.unwrap().path()).unwrap()).read_to_string(&mut text).unwrap();
            for line in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
                *found.entry(line["execution_id"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    found
}

#[tokio::test]
async fn what_is_old_is_archived_and_then_removed() {
    let (file, folder) = (File::new(), TempDir::new().unwrap());
    let store = file.open();
    lead(&store, "one", 0).await;
    fill(&store).await;
    let archive = FolderArchive::open(folder.path()).unwrap();
    assert_eq!(engine(&store).remove_old(Some(&archive), None).await.unwrap(), OLD as u64);
    assert_eq!(rows(&store).await, 2, "what is new, and what has not ended");
    let found = archived(folder.path());
    assert_eq!(found.len(), OLD as usize);
    assert!(found.values().all(|times| *times == 1) && found.contains_key("a@0"), "{found:?}");
    assert_eq!(engine(&store).remove_old(Some(&archive), None).await.unwrap(), 0);
    assert_eq!(archived(folder.path()), found);
}

struct Full;

#[async_trait]
impl Archive for Full {
    async fn keep(&self, _: Vec<Execution>) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("no space left".to_owned()))
    }
}

#[tokio::test]
async fn nothing_goes_that_could_not_be_archived() {
    let file = File::new();
    let store = file.open();
    lead(&store, "one", 0).await;
    fill(&store).await;
    let failed = engine(&store).remove_old(Some(&Full), None).await;
    assert!(matches!(failed, Err(EngineError::Store(StoreError::Unavailable(_)))), "{failed:?}");
    assert_eq!(rows(&store).await, OLD as usize + 2);
    assert_eq!(
        engine(&store).remove_old(None, None).await.unwrap(),
        OLD as u64,
        "without an archive they just go"
    );
    assert_eq!(rows(&store).await, 2);
}

/// Archive that is replaced as leader: another process takes over as soon as the files are there.
struct Deposed(FolderArchive, Store);

#[async_trait]
impl Archive for Deposed {
    async fn keep(&self, ended: Vec<Execution>) -> Result<(), StoreError> {
        self.0.keep(ended).await?;
        lead(&self.1, "two", 20_000).await;
        Ok(())
    }
}

#[tokio::test]
async fn a_process_that_dies_between_archive_and_removal_loses_nothing() {
    let (file, folder) = (File::new(), TempDir::new().unwrap());
    let (first, second) = (file.open(), file.open());
    lead(&first, "one", 0).await;
    fill(&first).await;
    let archive = FolderArchive::open(folder.path()).unwrap();
    let deposed = engine(&first).remove_old(Some(&Deposed(archive.clone(), second.clone())), None).await;
    assert!(matches!(deposed, Err(EngineError::Store(StoreError::Fenced))), "{deposed:?}");
    assert_eq!(rows(&second).await, OLD as usize + 2, "archived, and still here");
    assert_eq!(engine(&second).remove_old(Some(&archive), None).await.unwrap(), OLD as u64);
    assert_eq!(rows(&second).await, 2);
    let found = archived(folder.path());
    assert_eq!(found.len(), OLD as usize);
    assert!(found.values().all(|times| *times == 1), "the same executions are the same file: {found:?}");
}

#[tokio::test]
async fn what_was_being_written_is_cleared_away() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(".unfinished-x"), "half").unwrap();
    fs::write(folder.path().join("README"), "mine").unwrap();
    FolderArchive::open(folder.path()).unwrap();
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["README"]);
}
