use belfry_domain::Timestamp;
use chrono::Utc;
use clap::Args;

use super::{Conversion, Global, Kind, Outcome};
use crate::import::{
    Host, Translation,
    crontab::{Flavour, Import, Options},
};

const KIND: Kind =
    Kind { name: "crontab", plural: "crontabs", remark: "belfry sends no mail, it keeps what they print" };

/// Turn crontabs into jobs that do the same
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crontab -l | belfry import crontab -
  belfry import crontab /etc/crontab /etc/cron.d/* --output cron.yaml
  belfry import crontab /etc/cron.d/certbot --apply

Jobs go to standard output as YAML, what could not be carried over to standard error, with its line.
With --json both go to standard output. Times are those of this machine's time zone, as cron reads them.

In a system crontab, entries of other users are carried over only if you are root: they then run through
`runuser -u USER`, which a belfry that runs as root can do.")]
pub struct CrontabArgs {
    #[command(flatten)]
    files: Conversion,
    /// They have a user column, as /etc/crontab and /etc/cron.d; detected by default
    #[arg(long, conflicts_with = "user")]
    system: bool,
    /// They have no user column, as `crontab -l` prints them; detected by default
    #[arg(long)]
    user: bool,
    /// The zone that cron runs in, where a crontab has no CRON_TZ; this machine's by default
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Who belfry runs as; you by default
    #[arg(long = "as", value_name = "USER")]
    run_as: Option<String>,
}

pub async fn run(args: CrontabArgs, global: &Global) -> Outcome {
    let mut host = Host::this();
    if let Some(user) = &args.run_as {
        host.user.clone_from(user);
    }
    let flavour = if args.system { Some(Flavour::System) } else { args.user.then_some(Flavour::User) };
    let options = Options { flavour, prefix: args.files.prefix.clone(), timezone: args.timezone.clone() };
    let import = Import { host: &host, options: &options, now: Timestamp::from(Utc::now()) };
    let mut translation = Translation::default();
    for (name, text) in args.files.read()? {
        import.add(&mut translation, &name, &text);
    }
    args.files.deliver(&KIND, &translation, global).await
}
