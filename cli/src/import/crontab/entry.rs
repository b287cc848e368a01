//! Translation of a crontab's entry into a job.

use std::path::Path;

use super::{
    Flavour, Import, Kind, Translation, anacron, command,
    lines::{self, Line},
    percent,
    settings::Settings,
};
use crate::import::{CommandTarget, ImportedJob, job::Retry, name, zone::is_utc};

const MAX_DESCRIPTION: usize = 1000;
const REBOOT: &str =
    "belfry has no trigger at boot; use a systemd unit, or trigger the job from a systemd unit";
const RANDOM: &str =
    "a ~ means a random time (cronie, OpenBSD); write a fixed time, and RANDOM_DELAY above the line";
const SIXTH: &str = "the command begins with what looks like a sixth field; cron has five fields and takes the sixth as a program";
const QUARTZ: &str =
    "is a Quartz expression (seconds first, with ? and L), which cron cannot read; write five fields";

/// Time and command of an entry.
pub(super) struct When<'a> {
    schedule: String,
    /// Command. In a system crontab the user precedes it.
    rest: &'a str,
    /// Name of the entry, in an anacrontab.
    name: Option<&'a str>,
    remark: Option<&'static str>,
}

impl<'a> When<'a> {
    pub fn read(flavour: Flavour, line: &'a str, settings: &Settings) -> Option<Self> {
        if flavour == Flavour::Anacron {
            let entry = anacron::read(line, settings.first_hour)?;
            let anacron::Entry { name, command, schedule, remark } = entry;
            return Some(Self { schedule, rest: command, name: Some(name), remark: Some(remark) });
        }
        match lines::read(line) {
            Line::Entry { schedule, rest } => Some(Self { schedule, rest, name: None, remark: None }),
            _ => None,
        }
    }
}

pub(super) struct Entry<'a> {
    pub file: &'a str,
    pub number: usize,
    pub kind: &'a Kind,
    pub comment: &'a str,
    pub when: When<'a>,
}

pub(super) struct Refusal {
    pub reason: String,
    /// Whether cron can't read the entry either.
    pub is_crons: bool,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, is_crons: false }
    }
}

impl Import<'_> {
    pub(super) fn job(
        &self,
        entry: &Entry,
        settings: &Settings,
        so_far: &Translation,
    ) -> Result<ImportedJob<CommandTarget>, Refusal> {
        if entry.when.schedule == "@reboot" {
            return Err(REBOOT.to_owned().into());
        }
        // cronie's and SUSE's sign for "don't log this".
        let schedule = entry.when.schedule.strip_prefix('-').unwrap_or(&entry.when.schedule).to_owned();
        let (user, text) = self.user_and_command(entry)?;
        let timezone = settings.timezone.clone()?.name;
        // anacron knows no percent signs.
        let (command, input) = match entry.when.name {
            Some(_) => (text.to_owned(), None),
            None => percent::split(text),
        };
        let target = command::target(self.host, settings, &user, &command, input.as_deref());
        let base = format!("{}{}", self.options.prefix, base(entry, &command));
        let fingerprint = format!("{user} {schedule} {text}");
        let mut job = ImportedJob::new(name::unique(&base, &fingerprint, |name| so_far.has(name)), target);
        job.description = describe(entry);
        job.schedule.clone_from(&schedule);
        job.timezone = Some(timezone).filter(|zone| !is_utc(zone));
        job.jitter = settings.random_delay_minutes.map(|minutes| format!("{minutes}m"));
        job.misfire = if entry.when.name.is_some() { "latest" } else { "skip" };
        job.retry = Retry::new(0, 0);
        "7d".clone_into(&mut job.timeout);
        job.on_failure = Some("record").filter(|_| !self.options.alert_on_failure);
        job.checked(self.now).map_err(|reason| refused(&schedule, reason))
    }

    /// Remarks about an entry beside the job that it became.
    pub(super) fn remarks(&self, entry: &Entry) -> Vec<String> {
        let user = match (entry.kind.flavour, &entry.kind.owner) {
            (Flavour::System, _) => lines::split_words(entry.when.rest, 1).0.first().copied(),
            (_, owner) => owner.as_deref(),
        };
        let is_known = |user: &&str| *user == self.host.user || self.host.homes.contains_key(*user);
        let unknown = user.filter(|user| !is_known(user));
        let unknown = unknown.map(|user| format!("runs as {user}, but this machine has no such account"));
        let command =
            lines::split_words(entry.when.rest, usize::from(entry.kind.flavour == Flavour::System)).1;
        let sixth = Some(SIXTH).filter(|_| begins_with_field(command));
        unknown
            .into_iter()
            .chain([sixth, entry.when.remark].into_iter().flatten().map(str::to_owned))
            .collect()
    }

    fn user_and_command<'a>(&self, entry: &Entry<'a>) -> Result<(String, &'a str), String> {
        let (user, text) = match (entry.kind.flavour, entry.kind.owner.as_deref()) {
            (Flavour::User, owner) => (owner.unwrap_or(&self.host.user).to_owned(), entry.when.rest),
            (Flavour::Anacron, _) => ("root".to_owned(), entry.when.rest),
            (Flavour::System, _) => {
                let (words, text) = lines::split_words(entry.when.rest, 1);
                (words.first().copied().unwrap_or_default().to_owned(), text)
            }
        };
        if text.is_empty() {
            return Err(
                "a system crontab needs a user and a command; this line has only one of them".to_owned()
            );
        }
        if !user.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!("{user} is in the user column of a system crontab, but is not a valid user"));
        }
        if user != self.host.user && self.host.user != "root" {
            return Err(format!(
                "runs as {user}; belfry runs as {}, and only root can run commands as another user",
                self.host.user
            ));
        }
        Ok((user, text))
    }
}

fn base(entry: &Entry, command: &str) -> String {
    if let Some(name) = entry.when.name {
        return name::base(name, None);
    }
    let path = Path::new(entry.file);
    let is_grouped = path.parent().is_some_and(|folder| folder.ends_with("cron.d"));
    name::base(command, path.file_name().and_then(|name| name.to_str()).filter(|_| is_grouped))
}

/// Whether a command begins with what looks like a sixth field. Quartz and others have six fields, of
/// which cron takes the last one for the command.
fn begins_with_field(command: &str) -> bool {
    let (words, rest) = lines::split_words(command, 1);
    let is_field = |word: &&str| word.chars().all(|c| c.is_ascii_digit() || "*?/,-".contains(c));
    !rest.is_empty() && words.first().is_some_and(is_field)
}

fn refused(schedule: &str, reason: String) -> Refusal {
    let has = |characters: &[char]| schedule.contains(characters) && !schedule.starts_with('@');
    let hint = if has(&['~']) {
        RANDOM
    } else if has(&['?', '#']) {
        QUARTZ
    } else {
        ""
    };
    let is_crons = reason.starts_with("schedule: ") && !reason.contains("never run");
    match hint {
        "" => Refusal { reason, is_crons },
        hint => Refusal { reason: format!("{hint} ({reason})"), is_crons },
    }
}

fn describe(entry: &Entry) -> String {
    let place = format!("{}:{}", entry.file, entry.number);
    let text = if entry.comment.is_empty() { place } else { format!("{place}: {}", entry.comment) };
    crate::show::short(&text, MAX_DESCRIPTION / 4)
}

pub(super) fn broken(flavour: Flavour) -> String {
    let what = match flavour {
        Flavour::System => "five fields, a user and a command",
        Flavour::User => "five fields and a command",
        Flavour::Anacron => "days, minutes, a name and a command",
    };
    format!("is not a comment, a variable (NAME=value), or {what}")
}
