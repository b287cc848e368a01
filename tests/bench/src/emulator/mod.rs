//! The installation on an emulator of AWS, with its real functions: `localstack/up` makes it, or it
//! runs already. The emulator answers some hundred calls a second, so this is about lateness and
//! loss, not about throughput.

mod installation;
mod lateness;
mod wave;

use std::time::Duration;

use self::installation::Installation;
use crate::figure::Figure;

#[derive(clap::Args)]
pub struct Options {
    /// The address of a running installation's API, as localstack/up prints it; one is made otherwise.
    #[arg(long)]
    api: Option<String>,
    /// Only this: lateness or wave.
    #[arg(long)]
    part: Option<String>,
    /// Executions that are due at once in the wave.
    #[arg(long, default_value_t = 10_000)]
    executions: usize,
    /// How far ahead everything is defined, in seconds. What is due in less than eight minutes is
    /// sent by whoever defines it; what comes later is up to the schedules that call the tick.
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
