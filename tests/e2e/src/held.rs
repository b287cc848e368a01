use std::{
    fs,
    path::{Path, PathBuf},
};

/// Commands that run until they are let go: what is to happen meanwhile does, however slow the
/// machine is.
pub struct Held(PathBuf);

impl Held {
    pub fn within(directory: &Path) -> Self {
        Self(directory.join("let-go"))
    }

    /// Without anything that a YAML file would have to quote.
    pub fn command(&self) -> String {
        format!("until test -e {}; do sleep 0.1; done", self.0.display())
    }

    pub fn let_go(&self) {
        fs::write(&self.0, "").unwrap();
    }

    /// What starts from now on is held.
    pub fn hold(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}
