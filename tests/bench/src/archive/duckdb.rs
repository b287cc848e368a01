//! DuckDB, installed as its users have it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tempfile::TempDir;

const PACKAGE: &str = "duckdb==2.0.1";
const SCRIPT: &str = include_str!("query.py");
pub const QUERY: &str = include_str!("query.sql");

/// Path of a Python that has DuckDB. Needs Python 3 and, the first time, a network.
pub fn python() -> anyhow::Result<PathBuf> {
    let directory = target_directory().join("duckdb-venv");
    // Written last: what was interrupted is begun anew.
    let receipt = directory.join("installed");
    let python = directory.join("bin/python");
    if fs::read_to_string(&receipt).is_ok_and(|installed| installed == PACKAGE) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory))
        .context("this needs Python 3 with its module venv (Debian: python3-venv)")?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
    run(Command::new(&python).args(install))
        .with_context(|| format!("this needs {PACKAGE} from the Python package index"))?;
    fs::write(receipt, PACKAGE)?;
    Ok(python)
}

/// Answer of the query over an archive, and the time that it took.
pub fn ask(python: &Path, archive: &Path) -> anyhow::Result<Value> {
    let scripts = TempDir::new()?;
    let (script, query) = (scripts.path().join("query.py"), scripts.path().join("query.sql"));
    fs::write(&script, SCRIPT)?;
    fs::write(&query, QUERY)?;
    let told = run(Command::new(python).arg(script).arg(archive).arg(query))?;
    serde_json::from_slice(&told).context("its answer is no JSON")
}

fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

fn target_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from)
}
