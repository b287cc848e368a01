//! Folders that nobody but their owner may look into.

use std::{
    fs::{self, DirBuilder, DirEntry, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};

const MODE: u32 = 0o700;
const STICKY: u32 = 0o1000;

/// Makes a folder for its owner alone, and those above it that are missing.
///
/// One that is there already, and open to others, is closed if it holds nothing but what `is_own` says. A
/// folder that others use as well (`/tmp`, a home) stays as it is, and so does one whose mode can't be changed: what
/// is written into it is closed by itself. Either is told in the log.
///
/// # Errors
/// The folder can't be made or looked into.
pub fn private_folder(path: &Path, is_own: impl Fn(&DirEntry) -> bool) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(MODE).create(path)?;
    let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
    let is_open = mode & 0o077 != 0;
    if !is_open {
        return Ok(());
    }
    let shown = path.display();
    if mode & STICKY != 0 || !holds_only(path, is_own)? {
        tracing::warn!(
            "{shown} stays open to other users of this machine ({mode:04o}), because it is not belfry's alone: \
             give belfry a folder of its own, or chmod {MODE:o} this one"
        );
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(MODE)) {
        Ok(()) => {
            tracing::warn!(
                "{shown} was open to other users of this machine ({mode:04o}): it is {MODE:04o} now"
            );
        }
        Err(error) => {
            tracing::warn!(%error, "{shown} stays open to other users of this machine ({mode:04o}): chmod {MODE:o} it");
        }
    }
    Ok(())
}

fn holds_only(path: &Path, is_own: impl Fn(&DirEntry) -> bool) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        if !is_own(&entry?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a name begins so.
pub(crate) fn begins(entry: &DirEntry, with: &str) -> bool {
    entry.file_name().to_string_lossy().starts_with(with)
}

/// Makes a folder within one that is private, and those between.
pub(crate) fn make_within(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(MODE).create(path)
}
