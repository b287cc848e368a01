//! The database in a data directory.

use std::{fs, path::Path};

use anyhow::Context as _;
use belfry_files::private_folder;
use belfry_sqlite::Store;

pub(super) fn open_store(data: &Path) -> anyhow::Result<Store> {
    private_folder(data, is_of_belfry)
        .with_context(|| format!("the data directory {} can't be used", data.display()))?;
    let path = data.join("belfry.sqlite");
    Store::open(&path).with_context(|| format!("{}", path.display()))
}

/// Tells the entries of a data directory that are belfry's, its operator's or the file system's own.
fn is_of_belfry(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with("belfry") || ["logs", "archive", "lost+found"].contains(&&*name)
}
