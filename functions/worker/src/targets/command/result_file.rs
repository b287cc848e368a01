//! Result file: a process leaves its result in a file of its own, so that everything that it prints is
//! only output.

use std::{
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Read},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use serde_json::Value;
use tempfile::TempDir;

/// Maximum size of a result in bytes, in an execution's row or its overflow.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub(super) enum ResultError {
    #[error(
        "the result in BELFRY_RESULT has more than {MAX_BYTES} bytes; store the result elsewhere and return a reference"
    )]
    TooLarge,
    #[error("the result in BELFRY_RESULT is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("BELFRY_RESULT is not a plain file")]
    NotAFile,
    #[error("the result in BELFRY_RESULT can't be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Directory of the result file. The process creates the file; the directory is removed with this
/// value.
pub(super) struct ResultFile(TempDir);

impl ResultFile {
    /// Creates the directory. `None` on a host without a directory to write to: most commands have no
    /// result, and need none.
    pub fn new() -> Option<Self> {
        let mut builder = tempfile::Builder::new();
        match builder.prefix("belfry-").permissions(Permissions::from_mode(0o700)).tempdir() {
            Ok(directory) => Some(Self(directory)),
            Err(error) => {
                tracing::debug!(%error, "no temporary directory; BELFRY_RESULT is not set");
                None
            }
        }
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("result.json")
    }

    /// Path of the progress file, beside the result file.
    pub fn progress_path(&self) -> PathBuf {
        self.0.path().join("progress")
    }

    pub fn read(&self) -> Result<Option<Value>, ResultError> {
        match fs::symlink_metadata(self.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
            // Opening a FIFO would wait for ever.
            Ok(found) if !found.is_file() => return Err(ResultError::NotAFile),
            Ok(_) => {}
        }
        let mut bytes = Vec::new();
        File::open(self.path())?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ResultError::TooLarge);
        }
        Ok(Some(serde_json::from_slice(&bytes)?))
    }
}
