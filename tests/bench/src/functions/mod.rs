//! The functions as they are deployed: how large their packages are, how long their processes take
//! to ask for the first invocation, and how much memory they use.

mod events;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use belfry_e2e::Function;
use belfry_emulator::Emulator;
use tempfile::TempDir;

use crate::{
    budget::Limits,
    figure::{Figure, percentile},
};

const FUNCTIONS: [&str; 5] = ["tick", "dispatcher", "worker", "api", "archive"];
const STARTS: usize = 20;
/// Number of invocations of one process, after which its memory is measured.
const INVOCATIONS: usize = 50;
const MIB: f64 = 1024.0 * 1024.0;

#[derive(clap::Args)]
pub struct Options {
    /// Directory of the zips, built for this machine; without it infra/package builds them
    #[arg(long)]
    packages: Option<PathBuf>,
}

pub async fn measure(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let limits = Limits::load()?;
    let packages = match &options.packages {
        Some(packages) => packages.clone(),
        None => build()?,
    };
    let emulator = Emulator::start(&[]).map_err(anyhow::Error::msg)?;
    events::prepare(&emulator).await?;
    let mut figures = Vec::new();
    for function in FUNCTIONS {
        figures.extend(measure_one(&packages, function, &emulator, &limits).await?);
    }
    Ok(figures)
}

/// Builds the packages as for AWS, but for this machine's processor.
fn build() -> anyhow::Result<PathBuf> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let directory = belfry_e2e::workspace().join("target/packages").join(architecture);
    let package = belfry_e2e::workspace().join("infra/package");
    let status = Command::new(package).arg(architecture).arg(&directory).status()?;
    ensure!(status.success(), "infra/package: {status}");
    Ok(directory)
}

async fn measure_one(
    packages: &Path,
    function: &str,
    emulator: &Emulator,
    limits: &Limits,
) -> anyhow::Result<Vec<Figure>> {
    let package = packages.join(format!("{function}.zip"));
    let bytes = fs::metadata(&package).with_context(|| package.display().to_string())?.len();
    let directory = TempDir::with_prefix("belfry-bench-")?;
    let program = unpack(&package, directory.path())?;
    let mut inits = Vec::new();
    for _ in 0..STARTS {
        let mut process = start(&program, function, emulator).await?;
        inits.push(process.until_next().await.map_err(anyhow::Error::msg)?.as_secs_f64() * 1000.0);
    }
    inits.sort_by(f64::total_cmp);
    let mut process = start(&program, function, emulator).await?;
    process.until_next().await.map_err(anyhow::Error::msg)?;
    for number in 0..INVOCATIONS {
        process.invoke(events::event(function, number)?).await.map_err(anyhow::Error::msg)?;
    }
    let pid = process.pid().context("the function has ended")?;
    let figure = |what: &str, value, unit| Figure::new(format!("{function}, {what}"), value, unit);
    Ok(vec![
        figure("zipped", bytes as f64 / MIB, "MiB").at_most(limits.mib.zip),
        figure("init, median", percentile(&inits, 0.5), "ms").at_most(limits.ms.init_median),
        figure("init, slowest", percentile(&inits, 1.0), "ms"),
        figure("peak memory", crate::process::memory_mib(pid, "VmHWM:")?, "MiB")
            .at_most(limits.mib.peak_memory),
    ])
}

async fn start(program: &Path, function: &str, emulator: &Emulator) -> anyhow::Result<Function> {
    let variables = emulator.variables().into_iter().chain([("BELFRY_HISTORY_BUCKET", events::BUCKET)]);
    Ok(Function::start(program, function, variables).await?)
}

/// Unpacks a zip by Python, which the emulator needs anyway.
fn unpack(package: &Path, directory: &Path) -> anyhow::Result<PathBuf> {
    let status =
        Command::new("python3").args(["-m", "zipfile", "-e"]).arg(package).arg(directory).status()?;
    ensure!(status.success(), "python3 -m zipfile -e {}: {status}", package.display());
    let program = directory.join("bootstrap");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(program)
}
