//! The programs under test, as they are in the sources now.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const PROGRAMS: [&str; 6] = ["belfry", "tick", "dispatcher", "worker", "api", "archive"];

/// Path of `belfry`. `BELFRY_BIN` names another binary instead, which is taken as it is.
pub fn belfry() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("BELFRY_BIN").map_or_else(|| functions().join("belfry"), PathBuf::from))
}

/// The directory of the functions' programs. They are built once in each test program, with the profile of this
/// program.
pub fn functions() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(build)
}

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Path of `target`, wherever it is. This program lies in `target/PROFILE/deps`.
pub fn target_directory() -> PathBuf {
    profile_directory().parent().unwrap().to_owned()
}

fn profile_directory() -> PathBuf {
    let program = env::current_exe().unwrap();
    program.ancestors().nth(2).unwrap().to_owned()
}

/// Builds programs from libraries that `cargo test --workspace` has built already. Cargo builds
/// libraries once for each set of features. It arrives at the same set only when the whole workspace
/// and a test are asked for, so the command names a small test.
fn build() -> PathBuf {
    let directory = profile_directory();
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = cargo()
        .args(["build", "--quiet", "--locked", "--workspace", "--test", "architecture"])
        .args(PROGRAMS.iter().flat_map(|program| ["--bin", program]))
        .args(["--profile", profile, "--target-dir"])
        .arg(target_directory())
        .current_dir(workspace())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{PROGRAMS:?} can't be built");
    directory
}

/// Command of the cargo that runs this test, without the variables that cargo has set for it.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_this_package(&name.to_string_lossy())) {
        cargo.env_remove(name);
    }
    cargo
}

/// Variables in which cargo describes a package to its tests. A build script that watches such
/// variables, as ring's does, would run anew, and everything that depends on it would be built anew,
/// here and by the next cargo.
fn is_of_this_package(variable: &str) -> bool {
    variable.starts_with("CARGO_MANIFEST_") || variable.starts_with("CARGO_PKG_")
}
