use std::path::Path;

use belfry_domain::Timestamp;
use chrono::Utc;
use clap::Args;

use super::{Conversion, Global, Kind, Outcome};
use crate::import::{
    Host, Translation,
    crontab::{Flavour, Import, Options},
    distrust,
};

const KIND: Kind =
    Kind { name: "crontab", plural: "crontabs", remark: "belfry sends no mail, it keeps what they print" };

/// Turn crontabs into jobs that do the same
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crontab -l | belfry import crontab --user -
  belfry import crontab /etc/cron.d --output cron.yaml
  belfry import crontab /etc/cron.d/certbot --apply

Jobs go to standard output as YAML, the report to standard error: what became of each line. With --json
both go to standard output. Times are those of this machine's time zone, as cron reads them. Files that
cron ignores are ignored. Whether there is a user column is told by a file's place (/etc/crontab, cron.d,
spool), or by its words where they agree; the report says which it was.

cron ignores exit codes. Jobs that fail are kept as failed in the history, and page nobody, unless you
say --alert-on-failure.

In a system crontab, entries of other users are carried over only if you are root: they then run through
`runuser -u USER`, which a belfry that runs as root can do.")]
pub struct CrontabArgs {
    #[command(flatten)]
    files: Conversion,
    /// They have a user column, as /etc/crontab and /etc/cron.d; detected by default
    #[arg(long, group = "flavour")]
    system: bool,
    /// They have no user column, as `crontab -l` prints them; detected by default
    #[arg(long, group = "flavour")]
    user: bool,
    /// They are anacrontabs; detected by default
    #[arg(long, group = "flavour")]
    anacron: bool,
    /// Make dead letters and alerts of failures, of which cron has neither
    #[arg(long)]
    alert_on_failure: bool,
    /// The zone that cron runs in, where a crontab has no CRON_TZ; this machine's by default
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Who belfry runs as; you by default
    #[arg(long = "as", value_name = "USER")]
    run_as: Option<String>,
}

impl CrontabArgs {
    fn flavour(&self) -> Option<Flavour> {
        let flavours =
            [(self.system, Flavour::System), (self.user, Flavour::User), (self.anacron, Flavour::Anacron)];
        flavours.into_iter().find_map(|(is_given, flavour)| is_given.then_some(flavour))
    }
}

pub async fn run(args: CrontabArgs, global: &Global) -> Outcome {
    let mut host = Host::this();
    if let Some(user) = &args.run_as {
        host.user.clone_from(user);
    }
    let options = Options {
        flavour: args.flavour(),
        prefix: args.files.prefix.clone(),
        timezone: args.timezone.clone(),
        alert_on_failure: args.alert_on_failure,
    };
    let import = Import { host: &host, options: &options, now: Timestamp::from(Utc::now()) };
    let mut translation = Translation::default();
    for input in args.files.read()? {
        match distrust(Path::new(&input.name)) {
            Some(reason) => Import::ignore(&mut translation, &input.name, &input.bytes, reason),
            None => import.add(&mut translation, &input.name, &input.bytes),
        }
    }
    args.files.deliver(&KIND, &translation, global).await
}
