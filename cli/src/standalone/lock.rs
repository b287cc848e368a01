//! Lock of the operating system on a data directory. It ends with the process that holds it.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

const NAME: &str = "belfry.lock";
const MODE: u32 = 0o600;
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Lock of the leader.
///
/// Its file names the leader that held it last, and the boot of the machine: a free lock says nothing
/// of a leader on another machine that shares the directory.
#[derive(Debug, Default)]
pub struct LeaderLock {
    /// `None` where the file system has no locks.
    file: Option<File>,
    is_held: AtomicBool,
}

impl LeaderLock {
    /// Opens the lock of a data directory. Where no lock is possible, the lease alone decides which
    /// process leads.
    pub fn open(data: &Path) -> Self {
        let path = data.join(NAME);
        let file = open(&path).inspect_err(|error| {
            tracing::warn!(
                %error,
                "cannot lock {}; after a crash the next leader waits for the end of the lease",
                path.display()
            );
        });
        Self { file: file.ok(), is_held: AtomicBool::new(false) }
    }

    /// Takes the lock if `leader` held it last on this machine and is dead; returns whether it did.
    pub fn take_from(&self, leader: &str) -> bool {
        if !self.take() {
            return false;
        }
        let was_theirs = self.signature().is_ok_and(|found| found == signature(leader));
        if !was_theirs {
            self.give_back();
        }
        was_theirs
    }

    /// Takes the lock for `leader` if it is free, and writes the leader's name into its file.
    pub fn keep_for(&self, leader: &str) {
        if self.take()
            && !self.signature().is_ok_and(|found| found == signature(leader))
            && let Err(error) = self.sign(leader)
        {
            tracing::warn!(%error, "cannot write {NAME}");
        }
    }

    fn take(&self) -> bool {
        let Some(file) = &self.file else { return false };
        let is_held = self.is_held.load(Ordering::Acquire) || file.try_lock().is_ok();
        self.is_held.store(is_held, Ordering::Release);
        is_held
    }

    fn give_back(&self) {
        let is_free = self.file.as_ref().is_none_or(|file| file.unlock().is_ok());
        self.is_held.store(!is_free, Ordering::Release);
    }

    fn signature(&self) -> io::Result<String> {
        let mut text = String::new();
        if let Some(mut file) = self.file.as_ref() {
            file.rewind()?;
            file.read_to_string(&mut text)?;
        }
        Ok(text)
    }

    fn sign(&self, leader: &str) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(signature(leader).as_bytes())
    }
}

/// Checks that files in a directory can be locked.
///
/// # Errors
/// The file system has no locks, or the directory can't be written.
pub fn check_locks(directory: &Path) -> io::Result<()> {
    lock_once(&tempfile::tempfile_in(directory)?)
}

fn open(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(MODE).open(path)?;
    // The umask may have taken more away. One of another user is locked as it is.
    if file.metadata()?.permissions().mode() & 0o777 != MODE {
        drop(file.set_permissions(Permissions::from_mode(MODE)));
    }
    lock_once(&file)?;
    Ok(file)
}

/// Locks a file and unlocks it again. A lock that another process holds is proof of locks, too.
fn lock_once(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => file.unlock(),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn signature(leader: &str) -> String {
    let boot = fs::read_to_string(BOOT_ID).unwrap_or_default();
    format!("{leader}\n{}\n", boot.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_passes_from_the_dead_to_the_next() {
        let data = tempfile::tempdir().unwrap();
        let first = LeaderLock::open(data.path());
        first.keep_for("first");
        let second = LeaderLock::open(data.path());
        assert!(!second.take_from("first"), "it lives");
        drop(first);
        assert!(!second.take_from("another"), "which may live on another machine");
        assert!(second.take_from("first"));
        second.keep_for("second");
        assert!(!LeaderLock::open(data.path()).take_from("second"), "it lives");
    }

    #[test]
    fn a_lock_of_another_boot_says_nothing() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(NAME), "first\nanother boot\n").unwrap();
        assert!(!LeaderLock::open(data.path()).take_from("first"));
    }
}
