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

use crate::figure::Figure;

#[derive(clap::Args)]
pub struct Options {
    /// Also put the tables into docs/costs.md
    #[arg(long)]
    update: bool,
}

pub async fn measure(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let paths = paths::measure().await?;
    if options.update {
        page::update(&paths)?;
    }
    eprintln!("{}", page::tables(&paths)?);
    let scheduled = paths.scheduled;
    let dollars = account::Prices::load()?.of(&scheduled)? * 1e6;
    Ok(vec![
        Figure::new("scheduled no-op in bulk, writes", scheduled.write_units, "WRU").at_most(6.0),
        Figure::new("scheduled no-op in bulk, reads", scheduled.read_units, "RRU").at_most(2.0),
        Figure::new("scheduled no-op in bulk, SQS", scheduled.sqs_requests, "requests").at_most(1.0),
        Figure::new("scheduled no-op in bulk, Lambda", scheduled.invocations, "invocations").at_most(1.2),
        Figure::new("a million scheduled no-ops", dollars, "$"),
    ])
}
