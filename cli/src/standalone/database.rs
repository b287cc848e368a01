//! The database in a data directory.

use std::{fs, path::Path};

use anyhow::Context as _;
use belfry_files::{is_archive, is_logs, private_folder};
use belfry_sqlite::Store;

pub(super) fn open_store(data: &Path) -> anyhow::Result<Store> {
    let path = data.join("belfry.sqlite");
    // Where there is none, belfry has not been here, and a folder of logs is somebody else's.
    let was_here = path.exists();
    private_folder(data, |entry| is_of_belfry(entry, was_here))
        .with_context(|| format!("cannot use the data directory {}", data.display()))?;
    Store::open(&path).with_context(|| format!("{}", path.display()))
}

/// Whether an entry of a data directory is Belfry's, its operator's or the file system's own.
fn is_of_belfry(entry: &fs::DirEntry, was_here: bool) -> bool {
    let name = entry.file_name();
    match &*name.to_string_lossy() {
        "lost+found" => true,
        "logs" => was_here && is_logs(entry),
        "archive" => was_here && is_archive(entry),
        other => other.starts_with("belfry"),
    }
}
