//! Folders and files that nobody but their owner may look into, whatever the umask.

use std::{
    fs::{self, DirBuilder, DirEntry, Metadata, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};

use tempfile::NamedTempFile;

use super::UNFINISHED;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
const STICKY: u32 = 0o1000;

/// Makes a folder for its owner alone, with missing parents. A folder that exists and is open to other
/// users is closed, if `is_own` accepts all its entries. It stays open where it is shared with others
/// (`/tmp`, a home), where it can't be read, and where its mode can't be changed; then what is written
/// into it is closed instead. A line in the log tells what was done. Returns whether the folder stays
/// open.
///
/// # Errors
/// The folder can't be made.
pub fn private_folder(path: &Path, is_own: impl Fn(&DirEntry) -> bool) -> io::Result<bool> {
    make_within(path)?;
    let mode = mode_of(&fs::metadata(path)?);
    if !is_open(mode) {
        return Ok(false);
    }
    let shown = path.display();
    if let Some(why) = why_not_own(path, mode, is_own) {
        tracing::warn!(
            "{shown} stays open to other users of this machine ({mode:04o}), because {why}: \
             give belfry its own directory, or run chmod {FOLDER:o} on this one"
        );
        return Ok(true);
    }
    let closed = fs::set_permissions(path, Permissions::from_mode(FOLDER));
    match &closed {
        Ok(()) => {
            tracing::warn!(
                "{shown} was open to other users of this machine ({mode:04o}): it is {FOLDER:04o} now"
            );
        }
        Err(error) => {
            tracing::warn!(%error, "{shown} stays open to other users of this machine ({mode:04o}); run chmod {FOLDER:o} on it");
        }
    }
    Ok(closed.is_err())
}

fn why_not_own(path: &Path, mode: u32, is_own: impl Fn(&DirEntry) -> bool) -> Option<String> {
    let shared = || Some("it also holds other files, or is a shared directory".to_owned());
    if mode & STICKY != 0 {
        return shared();
    }
    match holds_only(path, is_own) {
        Ok(true) => None,
        Ok(false) => shared(),
        Err(error) => Some(format!("belfry cannot read it ({error})")),
    }
}

pub(crate) fn holds_only(path: &Path, is_own: impl Fn(&DirEntry) -> bool) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        if !is_own(&entry?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Closes the entries that an earlier version has left open in a shared folder. Entries that can't be
/// read or changed stay as they are.
pub(crate) fn close_within(path: &Path, is_own: impl Fn(&DirEntry) -> bool) {
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        // Of a link, its own: it leads to what is somebody else's.
        let Ok(found) = entry.metadata() else { continue };
        let (is_link, to) = (found.is_symlink(), if found.is_dir() { FOLDER } else { FILE });
        let (shown, mode) = (entry.path(), mode_of(&found));
        if is_link || !is_open(mode) || !is_own(&entry) {
            continue;
        }
        if fs::set_permissions(&shown, Permissions::from_mode(to)).is_ok() {
            let shown = shown.display();
            tracing::warn!(
                "{shown} was open to other users of this machine ({mode:04o}): it is {to:04o} now"
            );
        }
    }
}

fn mode_of(found: &Metadata) -> u32 {
    found.permissions().mode() & 0o7777
}

fn is_open(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// Whether the name of an entry begins with a text.
pub(crate) fn begins(entry: &DirEntry, with: &str) -> bool {
    entry.file_name().to_string_lossy().starts_with(with)
}

/// Makes a folder and its missing parents. Each has its mode before the next one is made in it.
pub(crate) fn make_within(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_within(above)?;
    }
    match DirBuilder::new().mode(FOLDER).create(path) {
        // The umask may have taken more away.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(FOLDER)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Creates a file under a temporary name, which is renamed when the file is complete.
pub(crate) fn unfinished_in(folder: &Path) -> io::Result<NamedTempFile> {
    let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    file.as_file().set_permissions(Permissions::from_mode(FILE))?;
    Ok(file)
}
