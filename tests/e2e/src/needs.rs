//! Programs that a machine may lack. A test that can't run for that is told as ignored, and listed at the
//! end; where everything is required, as `.ci/run` does, it fails.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

const REQUIRE_ALL: &str = "BELFRY_REQUIRE_ALL";

/// The cases that lack something, by what they lack.
#[derive(Default)]
pub struct Needs(BTreeMap<String, Vec<String>>);

impl Needs {
    pub fn is_everything_required() -> bool {
        env::var_os(REQUIRE_ALL).is_some_and(|value| !value.is_empty())
    }

    /// The first of these programs that is installed. The first one is also its package in Debian.
    pub fn program(&mut self, case: &str, names: &[&str]) -> Option<PathBuf> {
        let found = names.iter().find_map(|name| on_the_path(name));
        if found.is_none() {
            self.0.entry(names[0].to_owned()).or_default().push(case.to_owned());
        }
        found
    }

    /// On standard error, after the results.
    pub fn list_what_was_skipped(&self) {
        for (program, cases) in self.0.iter().filter(|_| !Self::is_everything_required()) {
            eprintln!(
                "skipped: {}: {program} is not on the PATH (Debian: apt-get install {program})",
                cases.join(", ")
            );
        }
    }
}

fn on_the_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|file| Path::is_file(file))
}
