//! The binary under test, as it is in the sources now.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Builds it once in each test program, with the profile of this program. `BELFRY_BIN` names
/// another one instead, which is taken as it is.
pub fn belfry() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("BELFRY_BIN").map_or_else(build, PathBuf::from))
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

fn build() -> PathBuf {
    let directory = profile_directory();
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "belfry", "--profile", profile, "--target-dir"])
        .arg(target_directory())
        .current_dir(workspace())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "belfry can't be built");
    directory.join("belfry")
}
