//! The database's files are for their owner alone, and the library that writes them is a safe one.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use belfry_sqlite::Store;
use tempfile::TempDir;

const MODE: u32 = 0o600;

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_database_behind_a_link_is_for_its_owner_alone() {
    let place = TempDir::new().unwrap();
    let [link, target, log] = ["link", "target", "target-wal"].map(|name| place.path().join(name));
    symlink(&target, &link).unwrap();
    // It stays open, so that its log stays too.
    let _open = Store::open(&link).unwrap();
    assert_eq!([mode(&target), mode(&log)], [MODE; 2], "one that is made");
    for file in [&target, &log] {
        fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    }
    Store::open(&link).unwrap();
    assert_eq!([mode(&target), mode(&log)], [MODE; 2], "one that is there");
}

/// Requires a SQLite of 3.51.3 or later. Before that version, a checkpoint at the same time as a write could lose the
/// write, or break the file: <https://sqlite.org/wal.html#walresetbug>
#[test]
fn the_bundled_sqlite_resets_its_log_safely() {
    assert!(rusqlite::version_number() >= 3_051_003, "SQLite {}", rusqlite::version());
}
