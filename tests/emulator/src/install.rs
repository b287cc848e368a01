//! Installation of the emulator, which is a Python package. It goes into an environment of its own
//! beside the other build products.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rustix::fs::{FlockOperation, flock};

const PACKAGE: &str = "ministack==1.5.33";
const SITE_CUSTOMIZE: &str = include_str!("sitecustomize.py");

/// Paths of the emulator's programs.
pub struct Installed {
    pub program: PathBuf,
    /// Value for `PYTHONPATH`.
    pub modules: PathBuf,
}

/// Installs the emulator unless it is there. Needs Python 3 and, the first time, a network.
pub fn install() -> Result<Installed, String> {
    let directory = target_directory().join("ministack-venv");
    let _lock = lock(&directory.with_extension("lock"))?;
    let program = directory.join("bin/ministack");
    // Written last: what was interrupted is begun anew.
    let receipt = directory.join("installed");
    if fs::read_to_string(&receipt).is_ok_and(|installed| installed == PACKAGE) {
        let modules = write_modules(&directory)?;
        return Ok(Installed { program, modules });
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory)).map_err(|error| {
        format!("these tests need Python 3 with its module venv (Debian: python3-venv)\n{error}")
    })?;
    let arguments = ["install", "--quiet", "--disable-pip-version-check", PACKAGE];
    run(Command::new(directory.join("bin/pip")).args(arguments))
        .map_err(|error| format!("these tests need {PACKAGE} from the Python package index\n{error}"))?;
    let modules = write_modules(&directory)?;
    fs::write(receipt, PACKAGE).map_err(|error| error.to_string())?;
    Ok(Installed { program, modules })
}

fn write_modules(directory: &Path) -> Result<PathBuf, String> {
    let modules = directory.join("belfry-modules");
    let file = modules.join("sitecustomize.py");
    // Another test's emulator may be reading it: a file is replaced only where it differs.
    if fs::read_to_string(&file).is_ok_and(|text| text == SITE_CUSTOMIZE) {
        return Ok(modules);
    }
    fs::create_dir_all(&modules)
        .and_then(|()| fs::write(&file, SITE_CUSTOMIZE))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(modules)
}

/// Locks the installation: several test processes may want to install at once. The lock goes when the
/// file is closed.
fn lock(path: &Path) -> Result<fs::File, String> {
    let file = fs::File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    flock(&file, FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
    Ok(file)
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let streams = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Err(format!("{command:?}: {}\n{}", output.status, streams.concat()))
}

fn target_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from)
}
