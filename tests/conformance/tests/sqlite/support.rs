//! A database in a directory that goes with it.

use std::path::PathBuf;

use belfry_conformance::{Backend, fixtures::at};
use belfry_engine::ports::{Acquired, Lease, LeaseStore as _};
use belfry_sqlite::Store;
use tempfile::TempDir;

/// Lane whose leader may write.
pub const LANE: u16 = 0;

pub struct File {
    pub path: PathBuf,
    directory: TempDir,
}

impl File {
    pub fn new() -> Self {
        let directory = TempDir::new().unwrap();
        Self { path: directory.path().join("belfry.db"), directory }
    }

    pub fn open(&self) -> Store {
        Store::open(&self.path).unwrap()
    }

    /// Opens the store and takes the leadership.
    pub async fn backend(self) -> Backend {
        let store = self.open();
        lead(&store, "conformance", 0).await;
        Backend::over(store, self.directory)
    }
}

/// Takes the leadership at an instant that no other owner's lease reaches.
pub async fn lead(store: &Store, owner: &str, now: i64) -> Lease {
    match store.acquire(LANE, owner, at(now), at(now + 10_000)).await.unwrap() {
        Acquired::Leader(lease) => lease,
        held @ Acquired::HeldBy { .. } => panic!("{owner} should lead: {held:?}"),
    }
}
