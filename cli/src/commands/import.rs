use std::{
    fs, io,
    path::{Path, PathBuf},
};

use belfry_domain::Timestamp;
use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{DONE, FAILED, Global, Outcome, apply};
use crate::{
    error::CliError,
    files,
    import::{Host, Import, Note, Options, Translation, crontab::Flavour, to_yaml},
    show::{self, short, table},
};

/// Turn other schedulers' definitions into job files
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  crontab -l | belfry import crontab - --output cron.yaml")]
pub struct ImportArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Crontab(CrontabArgs),
}

/// Turn crontabs into jobs that do the same
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
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
struct CrontabArgs {
    /// Crontabs, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// They have a user column, as /etc/crontab and /etc/cron.d; detected by default
    #[arg(long, conflicts_with = "user")]
    system: bool,
    /// They have no user column, as `crontab -l` prints them; detected by default
    #[arg(long)]
    user: bool,
    /// Write the job file here
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Define the jobs in a running belfry
    #[arg(long)]
    apply: bool,
    /// Before each job's name
    #[arg(long, default_value = "", value_name = "TEXT")]
    prefix: String,
    /// The zone that cron runs in, where a crontab has no CRON_TZ; this machine's by default
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Who belfry runs as; you by default
    #[arg(long = "as", value_name = "USER")]
    run_as: Option<String>,
    /// Exit with 1 if something could not be carried over
    #[arg(long)]
    strict: bool,
}

pub async fn run(args: ImportArgs, global: &Global) -> Outcome {
    let Action::Crontab(args) = args.action;
    let translation = translate(&args)?;
    let yaml = yaml(&args, &translation)?;
    if let Some(path) = &args.output {
        fs::write(path, &yaml).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    }
    if args.apply && !translation.jobs.is_empty() {
        send(&yaml, global).await?;
    }
    if global.json {
        show::json(&json!({ "jobs": translation.jobs, "report": translation.notes }))?;
    } else {
        if args.output.is_none() && !args.apply {
            show::line(yaml.trim_end())?;
        }
        eprintln!("{}", report(&translation));
    }
    exit_code(&args, &translation)
}

fn exit_code(args: &CrontabArgs, translation: &Translation) -> Outcome {
    let is_whole = translation.notes.iter().all(|note| note.kind != crate::import::NoteKind::NotCarriedOver);
    if args.strict && !is_whole { FAILED } else { DONE }
}

fn translate(args: &CrontabArgs) -> anyhow::Result<Translation> {
    let mut host = Host::this();
    if let Some(user) = &args.run_as {
        host.user.clone_from(user);
    }
    let flavour = if args.system { Some(Flavour::System) } else { args.user.then_some(Flavour::User) };
    let options = Options { flavour, prefix: args.prefix.clone(), timezone: args.timezone.clone() };
    let import = Import { host: &host, options: &options, now: Timestamp::from(Utc::now()) };
    let mut translation = Translation::default();
    for path in &args.files {
        let (name, text) = read(path)?;
        import.add(&mut translation, &name, &text);
    }
    Ok(translation)
}

/// Comments in old crontabs are in old encodings.
fn read(path: &Path) -> anyhow::Result<(String, String)> {
    let name = path.display().to_string();
    if name == "-" {
        return Ok(("standard input".to_owned(), io::read_to_string(io::stdin())?));
    }
    let bytes = fs::read(path).map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
    Ok((name, String::from_utf8_lossy(&bytes).into_owned()))
}

fn yaml(args: &CrontabArgs, translation: &Translation) -> anyhow::Result<String> {
    let jobs = to_yaml(&translation.jobs)?;
    Ok(format!("# From {} by `belfry import crontab`.\n{jobs}", origin(&args.files)))
}

fn origin(files: &[PathBuf]) -> String {
    match files {
        [file] => file.display().to_string(),
        files => format!("{} crontabs", files.len()),
    }
}

async fn send(yaml: &str, global: &Global) -> anyhow::Result<()> {
    let client = global.client()?;
    let definitions = files::read_text("the import", yaml)?;
    apply::send(&client, &definitions, false).await?;
    Ok(())
}

fn report(translation: &Translation) -> String {
    let mut text = format!("{} jobs; belfry sends no mail, it keeps what they print", translation.jobs.len());
    if translation.notes.is_empty() {
        return format!("{text}\neverything was carried over");
    }
    let mut table = table::new(["WHERE", "WHAT", "LINE", "WHY"]);
    for Note { file, line, text, kind, reason } in &translation.notes {
        table.add_row([format!("{file}:{line}"), kind.as_str().to_owned(), short(text, 40), reason.clone()]);
    }
    text.push_str("\n\n");
    text.push_str(&table::text(&table));
    text
}
