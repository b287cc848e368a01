//! Programs that a machine may lack. A test that can't run for lack of a program is reported as
//! ignored, and listed at the end. Where everything is required, as `.ci/run` does, the test fails.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

const REQUIRE_ALL: &str = "BELFRY_REQUIRE_ALL";

/// Cases that lack a program, by the program.
#[derive(Default)]
pub struct Needs(BTreeMap<String, Vec<String>>);

impl Needs {
    pub fn is_everything_required() -> bool {
        env::var_os(REQUIRE_ALL).is_some_and(|value| !value.is_empty())
    }

    /// Finds the first of these programs that is installed. The first name is also the program's
    /// package in Debian.
    pub fn program(&mut self, case: &str, names: &[&str]) -> Option<PathBuf> {
        let found = names.iter().find_map(|name| on_the_path(name));
        if found.is_none() {
            self.0.entry(names[0].to_owned()).or_default().push(case.to_owned());
        }
        found
    }

    /// Lists the skipped cases on standard error, after the results.
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
