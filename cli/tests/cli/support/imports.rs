//! Imports of files that a test writes.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{Run, command};

/// A folder with files in it, and imports of them.
pub struct Files(tempfile::TempDir);

impl Files {
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Self(folder)
    }

    pub fn run(&self, kind: &str, options: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut paths: Vec<PathBuf> = walk(self.0.path());
        paths.sort();
        let mut command = command(&["import", kind, "--json"]);
        command.args(options).args(paths).envs(variables.iter().copied());
        Run::of(&mut command)
    }

    pub fn import(&self, kind: &str, options: &[&str]) -> Imported {
        Imported(self.run(kind, options, &[]).json())
    }
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

pub fn import(kind: &str, options: &[&str], name: &str, text: &str) -> Imported {
    Files::new(&[(name, text.as_bytes())]).import(kind, options)
}

pub struct Imported(pub Value);

impl Imported {
    pub fn jobs(&self) -> &[Value] {
        self.0["jobs"].as_array().unwrap()
    }

    /// The only job; panics unless there is exactly one.
    pub fn job(&self) -> &Value {
        let [job] = self.jobs() else { panic!("not one job: {:#}", self.0) };
        job
    }

    pub fn command(&self, index: usize) -> String {
        let words = self.jobs()[index]["target"]["command"].as_array().unwrap().iter();
        words.map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    /// Whether an entry of this kind has all of these words.
    pub fn says(&self, kind: &str, words: &[&str]) -> bool {
        let mut notes = self.0["report"].as_array().unwrap().iter().filter(|note| note["kind"] == kind);
        notes.any(|note| words.iter().all(|word| note.to_string().contains(word)))
    }

    pub fn assert_says(&self, kind: &str, words: &[&str]) {
        assert!(self.says(kind, words), "{kind} {words:?} is not in {:#}", self.0);
    }
}
