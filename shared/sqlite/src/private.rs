//! Permissions of the database's files: they are for their owner alone, whatever the umask, because
//! they hold jobs' inputs and outputs.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

const MODE: u32 = 0o600;

/// Creates the database's file if there is none, before SQLite does; SQLite gives the files beside it
/// the same mode. Files of an earlier version, and files whose mode was changed, are closed to other
/// users.
pub(crate) fn prepare(database: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(MODE).open(database) {
        // The umask may have taken more away.
        Ok(file) => return file.set_permissions(Permissions::from_mode(MODE)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // SQLite follows a link, and keeps the files beside the one that it leads to.
    if !database.exists() {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(MODE).open(database)?;
        file.set_permissions(Permissions::from_mode(MODE))?;
    }
    let database = &fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    // Never opened here: closing a file gives up all locks that SQLite holds on it elsewhere in this process.
    for file in ["", "-wal", "-shm", "-journal"].map(|end| beside(database, end)) {
        close_to_others(&file);
    }
    Ok(())
}

fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name: OsString = database.into();
    name.push(end);
    name.into()
}

fn close_to_others(file: &Path) {
    let Ok(found) = fs::symlink_metadata(file) else { return };
    let (shown, mode) = (file.display(), found.permissions().mode() & 0o7777);
    let is_open = found.is_file() && mode & 0o077 != 0;
    if !is_open {
        return;
    }
    match fs::set_permissions(file, Permissions::from_mode(MODE)) {
        Ok(()) => {
            tracing::warn!(
                "{shown} was open to other users of this machine ({mode:04o}); its mode is now {MODE:04o}"
            );
        }
        Err(error) => {
            tracing::warn!(%error, "{shown} stays open to other users of this machine ({mode:04o}); run chmod {MODE:o} on it");
        }
    }
}
