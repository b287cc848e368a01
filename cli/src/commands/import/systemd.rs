use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use belfry_domain::Timestamp;
use chrono::Utc;
use clap::Args;

use super::{Conversion, Global, Kind, Outcome, sources};
use crate::import::{
    Host, Translation,
    systemd::{File, Files, Import, Options},
};

const KIND: Kind = Kind {
    name: "systemd",
    plural: "folders",
    remark: "belfry runs the services' commands as processes, without systemd's limits and sandboxes",
};

/// Convert systemd timers into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry import systemd /etc/systemd/system /usr/lib/systemd/system --output timers.yaml
  belfry import systemd ~/.config/systemd/user --user-units --apply
  belfry import systemd backup.timer backup.service

A directory is read with its drop-ins (NAME.timer.d) and its .wants directories. The .wants
directories show which timers are enabled; other timers become paused jobs. If two units have the
same name, the unit in the directory that is given first counts.

The command writes the jobs to standard output as YAML, and the report about each setting to
standard error. With --json both go to standard output. OnCalendar= is converted exactly, or the
timer is lost.")]
pub struct SystemdArgs {
    #[command(flatten)]
    files: Conversion,
    /// Read the units of a user (systemd --user); the jobs run as the user that belfry runs as
    #[arg(long)]
    user_units: bool,
    /// Time zone of times without a zone [default: zone of this machine]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// User that belfry runs as [default: the current user]
    #[arg(long = "as", value_name = "USER")]
    run_as: Option<String>,
    /// Create dead letters and alerts for failures
    #[arg(long)]
    alert_on_failure: bool,
}

pub async fn run(args: SystemdArgs, global: &Global) -> Outcome {
    let mut host = Host::this();
    if let Some(user) = &args.run_as {
        host.user.clone_from(user);
    }
    let options = Options {
        prefix: args.files.prefix.clone(),
        timezone: args.timezone.clone(),
        alert_on_failure: args.alert_on_failure,
        of_user: args.user_units,
    };
    let import = Import { host: &host, options: &options, now: Timestamp::from(Utc::now()) };
    let mut translation = Translation::default();
    import.add(&mut translation, &files(&args.files.files)?);
    args.files.deliver(&KIND, &translation, global).await
}

fn files(paths: &[PathBuf]) -> anyhow::Result<Files> {
    let mut found = Files::default();
    for path in paths {
        if path.is_dir() {
            add_folder(&mut found, path)?;
        } else {
            let unit = name_of(path);
            add(&mut found, path, unit)?;
        }
    }
    Ok(found)
}

fn add_folder(found: &mut Files, folder: &Path) -> anyhow::Result<()> {
    for path in sources::files_in(folder)? {
        let name = name_of(&path);
        if is_one_of(&path, &["timer", "service"]) {
            add(found, &path, name)?;
        }
    }
    for inner in folders_in(folder)? {
        let name = name_of(&inner);
        if let Some(unit) = name.strip_suffix(".d").filter(|unit| unit.contains('.')) {
            for path in sources::files_in(&inner)?.into_iter().filter(|path| is_one_of(path, &["conf"])) {
                add(found, &path, unit.to_owned())?;
            }
        } else if is_one_of(&inner, &["wants", "requires"]) {
            let links = fs::read_dir(&inner)?.flatten().map(|entry| name_of(&entry.path()));
            found.enabled.get_or_insert_with(BTreeSet::new).extend(links);
        }
    }
    Ok(())
}

fn folders_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn add(found: &mut Files, path: &Path, unit: String) -> anyhow::Result<()> {
    let input = sources::read_one(path)?;
    let text = input.text()?.to_owned();
    found.files.push(File { name: input.name, unit, text });
    Ok(())
}

fn is_one_of(path: &Path, extensions: &[&str]) -> bool {
    extensions.iter().any(|extension| path.extension() == Some(OsStr::new(extension)))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
