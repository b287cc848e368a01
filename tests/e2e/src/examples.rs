use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::workspace;

/// Copy of `examples/`, in which jobs may write, without what earlier runs left there.
pub struct Examples(TempDir);

impl Examples {
    pub fn copy() -> Self {
        let copy = TempDir::with_prefix("belfry-examples-").unwrap();
        copy_directory(&workspace().join("examples"), copy.path());
        Self(copy)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str) -> String {
        self.path().join(name).to_str().unwrap().to_owned()
    }

    /// Names of the files at the top of the copy.
    pub fn job_files(&self) -> Vec<String> {
        let mut names: Vec<String> =
            entries(self.path()).filter(|path| path.is_file()).map(|path| name_of(&path)).collect();
        names.sort_unstable();
        names
    }

    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.file(name), text.replace(from, to)).unwrap();
    }
}

pub(crate) fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in entries(from).filter(|path| path.file_name().is_some_and(|name| name != "out")) {
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_directory(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}
