use std::{
    fs,
    path::{Path, PathBuf},
};

/// Commands that run until they are let go: what is to happen meanwhile does, however slow the
/// machine is. They end with the directory too.
pub struct Held(PathBuf);

impl Held {
    pub fn within(directory: &Path) -> Self {
        let held = Self(directory.join("held"));
        held.hold();
        held
    }

    /// Without anything that a YAML file would have to quote.
    pub fn command(&self) -> String {
        format!("while test -e {}; do sleep 0.1; done", self.0.display())
    }

    /// What starts from now on is held.
    pub fn hold(&self) {
        fs::write(&self.0, "").unwrap();
    }

    pub fn let_go(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}
