//! Full logs in a folder: `job/slot~generation/attempt.log`; of a list's element `job/slot,index~generation/attempt.log`.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use belfry_domain::ExecutionId;
use belfry_engine::ports::{Log, LogWriter, Logs, StoreError};
use futures::stream;
use tempfile::NamedTempFile;
use tokio::{fs::File, io::AsyncReadExt as _};

use super::private::{close_within, holds_only, make_within, private_folder, unfinished_in};

const PIECE: usize = 64 * 1024;

/// Logs in a folder. They are not flushed to the disk: a power cut may lose the newest of them, an end
/// of the process does not.
#[derive(Debug, Clone)]
pub struct FolderLogs(PathBuf);

impl FolderLogs {
    /// Makes the folder for its owner alone. In a folder with other files, only the folders of logs are
    /// closed to others.
    pub fn open(path: &Path) -> io::Result<Self> {
        if private_folder(path, is_of_job)? {
            close_within(path, is_of_job);
        }
        Ok(Self(path.to_owned()))
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        StoreError::Unavailable(format!("the logs in {}: {error}", self.0.display()))
    }
}

/// Whether an entry is the folder of a job: all folders in it are those of executions, which have a
/// generation.
fn is_of_job(entry: &fs::DirEntry) -> bool {
    // One that is empty, or can't be looked into, may be anybody's.
    let Ok(mut executions) = fs::read_dir(entry.path()).map(Iterator::peekable) else { return false };
    executions.peek().is_some() && executions.all(|execution| execution.is_ok_and(|it| is_of_execution(&it)))
}

fn is_of_execution(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    let generation = name.rsplit_once('~').map(|(_, generation)| generation.parse::<u32>());
    matches!(generation, Some(Ok(1..))) && entry.file_type().is_ok_and(|kind| kind.is_dir())
}

/// Whether the folder contains nothing but logs of executions, or empty folders of removed logs.
pub fn is_logs(folder: &fs::DirEntry) -> bool {
    let is_own = |job: &fs::DirEntry| holds_only(&job.path(), is_of_execution).unwrap_or(false);
    holds_only(&folder.path(), is_own).unwrap_or(false)
}

/// Folder of an execution. Neither part can lead out of the log folder: a job's name never consists of
/// dots only, and a slot's name has its generation behind it.
pub(crate) fn folder_of(id: &ExecutionId) -> String {
    let first = id.with_generation(1);
    // Of an element, with its place in the list.
    let slot = first.as_str().split_once('@').map_or("", |(_, slot)| slot);
    format!("{}/{slot}~{}", id.job_id(), id.generation())
}

pub(crate) fn name_of(id: &ExecutionId, attempt: u32) -> String {
    format!("{}/{attempt}.log", folder_of(id))
}

struct Writer {
    logs: FolderLogs,
    name: String,
    file: NamedTempFile,
}

#[async_trait]
impl LogWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(|error| self.logs.failed(&error))
    }

    async fn close(self: Box<Self>) -> Result<String, StoreError> {
        let Self { logs, name, file } = *self;
        file.persist(logs.0.join(&name)).map_err(|error| logs.failed(&error.error))?;
        Ok(name)
    }
}

#[async_trait]
impl Logs for FolderLogs {
    async fn open(&self, id: &ExecutionId, attempt: u32) -> Result<Box<dyn LogWriter>, StoreError> {
        let folder = self.0.join(folder_of(id));
        let file = make_within(&folder)
            .and_then(|()| unfinished_in(&folder))
            .map_err(|error| self.failed(&error))?;
        Ok(Box::new(Writer { logs: self.clone(), name: name_of(id, attempt), file }))
    }

    async fn read(&self, reference: &str) -> Result<Option<Log>, StoreError> {
        let file = match File::open(self.0.join(reference)).await {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        let logs = self.clone();
        let pieces = stream::try_unfold((file, logs), |(mut file, logs)| async move {
            let mut piece = vec![0; PIECE];
            let length = file.read(&mut piece).await.map_err(|error| logs.failed(&error))?;
            piece.truncate(length);
            Ok((length > 0).then_some((piece, (file, logs))))
        });
        Ok(Some(Log::Here(Box::pin(pieces))))
    }

    async fn remove(&self, ids: &[ExecutionId]) -> Result<(), StoreError> {
        for id in ids {
            match fs::remove_dir_all(self.0.join(folder_of(id))) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.failed(&error)),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_has_a_name_of_its_own() {
        let executions = ["a@k", "a@k~2", "a@k,0", "a@k,1", "a@k,1~2", "a@k~2,1", "a@k~2,1~2", "b@k"];
        let names: Vec<String> = executions.iter().map(|id| name_of(&id.parse().unwrap(), 1)).collect();
        let different: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert_eq!(names[..2], ["a/k~1/1.log", "a/k~2/1.log"]);
    }
}
