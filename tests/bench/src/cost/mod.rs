//! Costs of an execution on AWS: counted on an emulator with the real engine and adapters, and
//! multiplied by a dated list of prices. `docs/costs.md` lists the assumptions.

mod account;
mod function;
mod meter;
mod page;
mod paths;
mod rivals;
mod target;
mod world;

use crate::{budget::Limits, figure::Figure};

#[derive(clap::Args)]
pub struct Options {
    /// Also put the tables into docs/costs.md
    #[arg(long)]
    update: bool,
}

pub async fn measure(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let limits = Limits::load()?;
    let paths = paths::measure().await?;
    if options.update {
        page::update(&paths)?;
    }
    eprintln!("{}", page::tables(&paths)?);
    let mut figures = beside_limits(&paths, &limits)?;
    let dollars = account::Prices::load()?.of(&paths.scheduled)? * 1e6;
    figures.push(Figure::new("a million scheduled no-ops", dollars, "$"));
    Ok(figures)
}

/// Reads what was measured last, which `docs/costs.md` shows.
pub fn kept(limits: &Limits) -> anyhow::Result<Vec<Figure>> {
    beside_limits(&page::kept()?, limits)
}

fn beside_limits(paths: &paths::Paths, limits: &Limits) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, usage) in paths.by_name() {
        let limits = limits.units(name)?;
        let figure = |what: &str, value: f64, unit| Figure::new(format!("{name}, {what}"), value, unit);
        figures.push(figure("writes", usage.write_units, "WRU").at_most(limits.write));
        figures.push(figure("reads", usage.read_units, "RRU").at_most(limits.read));
        figures.extend(limits.sqs.map(|it| figure("SQS", usage.sqs_requests, "requests").at_most(it)));
        figures.extend(
            limits.invocations.map(|it| figure("Lambda", usage.invocations, "invocations").at_most(it)),
        );
    }
    Ok(figures)
}
