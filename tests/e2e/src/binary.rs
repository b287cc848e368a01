//! The programs under test, as they are in the sources now.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const FUNCTIONS: [&str; 5] = ["tick", "dispatcher", "worker", "api", "archive"];

/// Builds it once in each test program, with the profile of this program. `BELFRY_BIN` names
/// another one instead, which is taken as it is.
pub fn belfry() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        env::var_os("BELFRY_BIN").map_or_else(|| build(&["belfry"]).join("belfry"), PathBuf::from)
    })
}

/// The directory of the functions' programs, built in the same way.
pub fn functions() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| build(&FUNCTIONS))
}

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// `target`, wherever it is: this program lies in `target/PROFILE/deps`.
pub fn target_directory() -> PathBuf {
    profile_directory().parent().unwrap().to_owned()
}

fn profile_directory() -> PathBuf {
    let program = env::current_exe().unwrap();
    program.ancestors().nth(2).unwrap().to_owned()
}

/// Of what `cargo test --workspace` has built already: libraries are built once for each set of
/// features, and it takes the whole workspace, with a test among what is asked for, to arrive at
/// the same set. That one is small.
fn build(programs: &[&str]) -> PathBuf {
    let directory = profile_directory();
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = cargo()
        .args(["build", "--quiet", "--locked", "--workspace", "--test", "imports"])
        .args(programs.iter().flat_map(|program| ["--bin", program]))
        .args(["--profile", profile, "--target-dir"])
        .arg(target_directory())
        .current_dir(workspace())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{programs:?} can't be built");
    directory
}

/// The cargo that runs this test, without what it has told it.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_this_package(&name.to_string_lossy())) {
        cargo.env_remove(name);
    }
    cargo
}

/// What cargo tells a test of its package. A build script that looks at such, as ring's does,
/// would run anew, and all that depends on it would be built anew, here and by the next cargo.
fn is_of_this_package(variable: &str) -> bool {
    variable.starts_with("CARGO_MANIFEST_") || variable.starts_with("CARGO_PKG_")
}
