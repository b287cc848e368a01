use std::{
    fs,
    path::{Path, PathBuf},
};

/// Commands that run until they are let go, so that the test has time for its steps, however slow the
/// machine is. The commands end with the directory too.
pub struct Held(PathBuf);

impl Held {
    pub fn within(directory: &Path) -> Self {
        let held = Self(directory.join("held"));
        held.hold();
        held
    }

    /// Command line, without characters that a YAML file would have to quote.
    pub fn command(&self) -> String {
        format!("while test -e {}; do sleep 0.1; done", self.0.display())
    }

    /// Holds commands that start from now on.
    pub fn hold(&self) {
        fs::write(&self.0, "").unwrap();
    }

    pub fn let_go(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}
