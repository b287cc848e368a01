//! Archive in a folder.
//!
//! A file is written beside its place, flushed, and then renamed into it, so readers of the folder only
//! see complete files. `keep` returns when the names are flushed too.

use std::{
    fs::{self, DirEntry, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use belfry_domain::Execution;
use belfry_engine::ports::{Archive, StoreError};

use super::{
    DayFile, UNFINISHED,
    day_file::is_day_file,
    day_files,
    private::{begins, close_within, holds_only, make_within, private_folder, unfinished_in},
};

#[derive(Debug, Clone)]
pub struct FolderArchive(PathBuf);

impl FolderArchive {
    /// Opens the archive: creates the folder where it is missing, and removes files that another
    /// process left unfinished. Only the process that is about to write may open it.
    ///
    /// # Errors
    /// The folder can't be created or read.
    pub fn open(path: &Path) -> io::Result<Self> {
        make_archive_folder(path)?;
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self(path.to_owned()))
    }

    /// Writes these executions, and returns when they are durable.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write(&self, ended: &[Execution]) -> io::Result<Vec<PathBuf>> {
        day_files(ended)?.iter().map(|file| self.put(file)).collect()
    }

    fn put(&self, DayFile { name, bytes }: &DayFile) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        let day = path.parent().unwrap_or(&self.0);
        make_within(day)?;
        let mut file = unfinished_in(&self.0)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        sync(day)?;
        sync(&self.0)?;
        Ok(path)
    }
}

/// Makes the folder for its owner alone, if it contains nothing but days of an archive. Otherwise only
/// the folders of the days are closed to others.
///
/// # Errors
/// It can't be made, or can't be looked into.
pub fn make_archive_folder(path: &Path) -> io::Result<()> {
    let stays_open = private_folder(path, is_of_archive)?;
    // It is opened to flush its names, so a folder that can only be written to would fail later.
    fs::read_dir(path).map_err(|error| {
        let what_to_do = format!("{error}: belfry must be able to read it, too: chmod u+rwx it");
        io::Error::new(error.kind(), what_to_do)
    })?;
    if stays_open {
        close_within(path, is_of_archive);
    }
    Ok(())
}

/// Whether the folder of a day contains nothing but files of the archive, finished or not.
fn is_of_archive(entry: &DirEntry) -> bool {
    let is_own = |file: &DirEntry| is_day_file(&file.file_name().to_string_lossy());
    begins(entry, UNFINISHED) || begins(entry, "dt=") && holds_only(&entry.path(), is_own).unwrap_or(false)
}

/// Whether the folder contains nothing but an archive.
pub fn is_archive(folder: &DirEntry) -> bool {
    holds_only(&folder.path(), is_of_archive).unwrap_or(false)
}

/// Flushes a folder, which makes the names in it durable.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[async_trait]
impl Archive for FolderArchive {
    async fn keep(&self, ended: Vec<Execution>) -> Result<(), StoreError> {
        let (archive, folder) = (self.clone(), self.0.display().to_string());
        let failed = |why: String| StoreError::Unavailable(format!("the archive in {folder}: {why}"));
        let written = tokio::task::spawn_blocking(move || archive.write(&ended)).await;
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use belfry_domain::{Run, Status, TimerKey, Timestamp, Trigger};

    use super::*;

    fn ended() -> Execution {
        let at = Timestamp(1_000);
        let guard = TimerKey { shard: 0, fire_at: at, what: "start a@x 1".parse().unwrap() };
        let run = Run { id: "a@x".to_owned(), root: None, more_roots: vec![], graph: 1 };
        let row = Execution::new("a@x".parse().unwrap(), run, Trigger::Push, at, at, guard);
        Execution { status: Status::Success, end_time: Some(at), ..row }
    }

    #[test]
    fn files_and_their_folders_are_for_their_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("archive");
        let files = FolderArchive::open(&folder).unwrap().write(&[ended()]).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for file in files {
            assert_eq!(format!("{:o}", mode(&file)), "600");
            assert_eq!(format!("{:o}", mode(file.parent().unwrap())), "700");
        }
        assert_eq!(format!("{:o}", mode(&folder)), "700");
    }
}
