//! Progress file: a process writes its progress to it as often as it likes.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use belfry_domain::Progress;
use belfry_engine::ports::{Live, Output};

use crate::targets::tail::Tail;

/// Number of bytes that are read from the end of the file, which may hold earlier lines too.
const READ_BYTES: u64 = 4096;

/// View of a running process for the engine.
pub(super) struct Sight {
    pub tail: Arc<Mutex<Tail>>,
    pub progress: Option<PathBuf>,
}

impl Live for Sight {
    fn progress(&self) -> Option<Progress> {
        let text = read_end(self.progress.as_deref()?).ok()?;
        Progress::parse(&String::from_utf8_lossy(&text))
    }

    fn output(&self) -> Option<Output> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).output()
    }
}

fn read_end(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::symlink_metadata(path)?;
    // Opening a FIFO would wait for ever.
    if !found.is_file() {
        return Ok(Vec::new());
    }
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(found.len().saturating_sub(READ_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(READ_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
