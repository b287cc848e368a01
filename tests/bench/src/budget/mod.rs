//! Budgets of the build and of the tests: `.ci/budget.toml` holds the limits, `.ci/run` has them judged.

mod limits;
mod machine;
mod told;

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::{Context as _, bail};

pub use self::limits::Limits;
use crate::{cost, figure::Figure};

const MIB: f64 = 1024.0 * 1024.0;

#[derive(clap::Args)]
pub struct Options {
    /// File with the output of `cargo clippy` and `cargo test`, both streams
    #[arg(long)]
    told: PathBuf,
    /// First line of /proc/stat before they began; times are judged only where nobody else used the machine
    #[arg(long)]
    before: String,
    /// The belfry binary of the profile release, to be held against its size
    #[arg(long)]
    belfry: Option<PathBuf>,
}

pub fn measure(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let limits = Limits::load()?;
    let told = fs::read_to_string(&options.told).with_context(|| options.told.display().to_string())?;
    let others = machine::used_by_others(&options.before)?;
    let is_calm = machine::is_calm(others);
    if !is_calm {
        eprintln!("others used {:.0} % of the processors: the times are not judged", others * 100.0);
    }
    let mut figures = times(&limits, &told::minutes(&told)?, is_calm)?;
    let lock = fs::read_to_string(belfry_e2e::workspace().join("Cargo.lock"))?;
    let crates = lock.matches("[[package]]").count() as f64;
    figures.push(Figure::new("crates in the lock file", crates, "").at_most(limits.crates_in_lock_file));
    figures.extend(cost::kept(&limits)?);
    if let Some(belfry) = &options.belfry {
        let bytes = fs::metadata(belfry).with_context(|| belfry.display().to_string())?.len();
        figures.push(Figure::new("belfry", bytes as f64 / MIB, "MiB").at_most(limits.mib.belfry));
    }
    Ok(figures)
}

/// Each suite beside its limit, and the sums. Each suite has a limit, and each limit has its suite.
fn times(limits: &Limits, measured: &[(String, f64)], is_calm: bool) -> anyhow::Result<Vec<Figure>> {
    let names: BTreeSet<&str> = measured.iter().map(|(name, _)| name.as_str()).collect();
    let without: Vec<&str> =
        names.iter().copied().filter(|name| !limits.minutes.contains_key(*name)).collect();
    if !without.is_empty() {
        bail!("no line in [minutes] of .ci/budget.toml: add one for {}", without.join(", "));
    }
    let gone: Vec<&str> =
        limits.minutes.keys().map(String::as_str).filter(|name| !names.contains(name)).collect();
    if !gone.is_empty() {
        bail!("[minutes] of .ci/budget.toml has lines of what did not run: {}", gone.join(", "));
    }
    let figure = |name: &str, value, limit| {
        let figure = Figure::new(name, value, "min");
        if is_calm { figure.at_most(limit) } else { figure }
    };
    let sum = |is_wanted: fn(&str) -> bool| {
        measured.iter().filter(|(name, _)| is_wanted(name)).map(|(_, it)| it).sum()
    };
    let mut figures: Vec<Figure> =
        measured.iter().map(|(name, value)| figure(name, *value, limits.minutes[name])).collect();
    figures.push(figure("cargo test", sum(|name| name != "clippy"), limits.test_minutes));
    figures.push(figure("all of it", sum(|_| true), limits.total_minutes));
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(measured: &[(&str, f64)], is_calm: bool) -> anyhow::Result<Vec<Figure>> {
        let text = "total_minutes = 10\ntest_minutes = 8\ncrates_in_lock_file = 1\n[minutes]\nclippy = 1\nbuild = 2\ncli = 3\n\
                    [mib]\nbelfry = 1\nzip = 1\npeak_memory = 1\n[ms]\ninit_median = 1\n[units]\n";
        let measured: Vec<_> = measured.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        times(&Limits::parse(text)?, &measured, is_calm)
    }

    #[test]
    fn a_suite_above_its_limit_fails_where_the_machine_was_calm() {
        let within = [("clippy", 1.0), ("build", 2.0), ("cli", 3.0)];
        assert!(judged(&within, true).unwrap().iter().all(Figure::is_met));
        let above = [("clippy", 1.0), ("build", 2.0), ("cli", 3.1)];
        let missed: Vec<_> = judged(&above, true).unwrap().into_iter().filter(|it| !it.is_met()).collect();
        assert_eq!(missed.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["cli"]);
        assert!(judged(&above, false).unwrap().iter().all(Figure::is_met), "printed only");
    }

    #[test]
    fn suites_and_lines_belong_together() {
        let more = [("clippy", 1.0), ("build", 2.0), ("cli", 3.0), ("new", 0.1)];
        assert!(judged(&more, false).unwrap_err().to_string().ends_with("add one for new"));
        let gone = [("clippy", 1.0), ("build", 2.0)];
        assert!(judged(&gone, true).unwrap_err().to_string().ends_with("did not run: cli"));
    }
}
