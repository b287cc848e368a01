//! The installation on an emulator of AWS, with its real functions. `localstack/up` makes it unless it
//! runs already.
//!
//! The emulator answers some hundred calls a second, so this measures lateness and loss, not
//! throughput.

mod installation;
mod lateness;
mod wave;

use std::time::Duration;

use self::installation::Installation;
use crate::figure::Figure;

#[derive(clap::Args)]
pub struct Options {
    /// The address of a running installation's API, as localstack/up prints it; otherwise an
    /// installation is made
    #[arg(long)]
    api: Option<String>,
    /// Measure only this part: lateness or wave
    #[arg(long)]
    part: Option<String>,
    /// Executions that are due at once in the wave
    #[arg(long, default_value_t = 10_000)]
    executions: usize,
    /// How far ahead everything is defined, in seconds. The call that defines a job sends what is due
    /// in less than eight minutes; the schedules that call the tick send what is due later
    #[arg(long, default_value_t = 540)]
    lead: u64,
}

pub async fn measure(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let wanted = |part: &str| options.part.as_ref().is_none_or(|only| only == part);
    let lead = Duration::from_secs(options.lead);
    let installation = Installation::of(options.api.as_deref()).await?;
    let mut figures = Vec::new();
    if wanted("lateness") {
        figures.extend(lateness::measure(&installation.api, lead).await?);
    }
    if wanted("wave") {
        figures.extend(wave::measure(&installation.api, options.executions, lead).await?);
    }
    Ok(figures)
}
