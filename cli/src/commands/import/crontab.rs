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

const KIND: Kind = Kind {
    name: "crontab",
    plural: "crontabs",
    remark: "belfry sends no mail and keeps the output of the jobs",
};

/// Convert crontabs into jobs
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  crontab -l | belfry import crontab --user -
  belfry import crontab /etc/cron.d --output cron.yaml
  belfry import crontab /etc/cron.d/certbot --apply

The command writes the jobs to standard output as YAML, and the report about each line to standard
error. With --json both go to standard output. Times are in the time zone of this machine, as in
cron. Files that cron ignores are ignored. The path of a file (/etc/crontab, cron.d, spool) or its
lines decide whether the file has a user column; the report says which.

cron ignores exit codes. Failed jobs are recorded as failed in the history and raise no alert,
unless you give --alert-on-failure.

Entries of other users in a system crontab are converted only if belfry runs as root: the jobs
then use `runuser -u USER`.")]
pub struct CrontabArgs {
    #[command(flatten)]
    files: Conversion,
    /// Read the files with a user column, as in /etc/crontab and /etc/cron.d [default: detected]
    #[arg(long, group = "flavour")]
    system: bool,
    /// Read the files without a user column, as `crontab -l` prints [default: detected]
    #[arg(long, group = "flavour")]
    user: bool,
    /// Read the files as anacrontabs [default: detected]
    #[arg(long, group = "flavour")]
    anacron: bool,
    /// Create dead letters and alerts for failures; cron has neither
    #[arg(long)]
    alert_on_failure: bool,
    /// Time zone of cron, for crontabs without CRON_TZ [default: zone of this machine]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// User that belfry runs as [default: the current user]
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
