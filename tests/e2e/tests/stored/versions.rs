//! The functions of an older version, built from its own sources, which the repository's history has.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use belfry_e2e::{Needs, cargo, target_directory, workspace};

const FUNCTIONS: [&str; 4] = ["tick", "dispatcher", "worker", "api"];
/// Version by which the packages of older versions call themselves.
const VERSION: &str = "0.1.0";

/// None, with a word on standard error, where the history does not reach so far back.
pub fn functions_of(commit: &str) -> Option<PathBuf> {
    let place = target_directory().join("versions").join(commit);
    let sources = place.join("source");
    if !sources.join("Cargo.lock").exists() && !extract(commit, &sources) {
        let lack = format!("the history has no commit {commit} (a shallow clone?): git fetch --unshallow");
        assert!(!Needs::is_everything_required(), "{lack}");
        // Not by a macro: the output of tests that pass is not shown.
        drop(std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("skipped: stored::side_by_side: {lack}\n").as_bytes(),
        ));
        return None;
    }
    Some(build(&sources, &place.join("programs")))
}

fn extract(commit: &str, sources: &Path) -> bool {
    // What was interrupted is begun anew.
    let unfinished = sources.with_extension("unfinished");
    drop(fs::remove_dir_all(&unfinished));
    fs::create_dir_all(&unfinished).unwrap();
    let mut git = Command::new("git");
    let git =
        git.args(["archive", commit]).current_dir(workspace()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut git) = git.spawn() else { return false };
    let archive = git.stdout.take().unwrap();
    let tar = Command::new("tar").arg("-x").current_dir(&unfinished).stdin(archive).status().unwrap();
    if !git.wait().unwrap().success() || !tar.success() {
        return false;
    }
    name_version(commit, &unfinished);
    fs::rename(&unfinished, sources).is_ok()
}

/// `0.1.0+8c9e479`, by which health tells the versions apart. And cargo does: it names what it makes of a workspace's
/// member by name, version and the place in the workspace, so those of two workspaces would replace each other.
fn name_version(commit: &str, sources: &Path) {
    let (from, to) = (format!("\"{VERSION}\""), format!("\"{VERSION}+{commit}\""));
    let change = |file: &str, change: &dyn Fn(&str) -> String| {
        let file = sources.join(file);
        let changed = change(&fs::read_to_string(&file).unwrap());
        assert!(changed.contains(&to), "{}: no {from}", file.display());
        fs::write(file, changed).unwrap();
    };
    change("Cargo.toml", &|text| text.replacen(&from, &to, 1));
    change("Cargo.lock", &|text| {
        let packages = text.split("[[package]]").map(|package| {
            let is_ours = package.starts_with("\nname = \"belfry");
            if is_ours { package.replacen(&from, &to, 1) } else { package.to_owned() }
        });
        packages.collect::<Vec<_>>().join("[[package]]")
    });
}

/// Third-party crates are taken from this build, as far as the versions are the same: the intermediate products lie
/// together, the programs apart. Their profile is the present one: with another, none of them could be shared. The
/// older version's own crates are built once and work little, so nothing is spent on making them fast.
fn build(sources: &Path, programs: &Path) -> PathBuf {
    let own = ["debug=false", "package.belfry-domain.opt-level=0", "package.belfry-engine.opt-level=0"];
    let own = own.map(|setting| format!("profile.dev.{setting}"));
    let status = cargo()
        .args(["build", "--quiet", "--locked", "--workspace", "--test", "imports", "--config"])
        .arg(workspace().join("Cargo.toml"))
        .args(own.iter().flat_map(|setting| ["--config", setting]))
        .args(FUNCTIONS.iter().flat_map(|program| ["--bin", program]))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TARGET_DIR", programs)
        .env("CARGO_BUILD_BUILD_DIR", target_directory())
        .current_dir(sources)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the functions of an older version can't be built");
    programs.join("debug")
}
