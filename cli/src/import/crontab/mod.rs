//! Crontabs to jobs that do the same.
//!
//! - A command runs through the crontab's SHELL (`/bin/sh` by default), in the user's home directory,
//!   with the variables that stand above it. Without a PATH it has belfry's, not cron's shorter one.
//! - What follows a `%` is the command's standard input. Where there is none, belfry's own input, JSON,
//!   is there to be read; cron has nothing there.
//! - In a system crontab, an entry of the user that belfry runs as is carried over as it is. If belfry
//!   runs as root, entries of others run through `runuser`; otherwise they can't be carried over.
//! - Schedules keep cron's meaning: the machine's time zone, or CRON_TZ. cron makes up for nothing and
//!   tries nothing again, so: `misfire: skip`, no retries, and a week as timeout.
//! - `@reboot` has no slot. It and everything else that is left out or altered is in the report.

mod command;
mod flavour;
mod lines;
mod percent;
mod settings;
#[cfg(test)]
mod tests;

use std::path::Path;

use belfry_domain::Timestamp;

pub use self::flavour::Flavour;
use self::{lines::Line, settings::Settings};
use super::{CommandTarget, Host, ImportedJob, Note, NoteKind, job::Retry, name};

const MAX_DESCRIPTION: usize = 1000;
const REBOOT: &str =
    "belfry has no notion of a boot; start it from a systemd unit, or trigger the job from one";

pub struct Import<'a> {
    pub host: &'a Host,
    pub options: &'a Options,
    pub now: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Detected where not given.
    pub flavour: Option<Flavour>,
    pub prefix: String,
    /// Instead of the host's.
    pub timezone: Option<String>,
}

type Translation = super::Translation<CommandTarget>;

struct Entry<'a> {
    file: &'a str,
    number: usize,
    flavour: Flavour,
    comment: &'a str,
    schedule: String,
    rest: &'a str,
}

impl Import<'_> {
    /// Adds a file's jobs; `file` is its name, for people.
    pub fn add(&self, translation: &mut Translation, file: &str, text: &str) {
        let flavour = self.options.flavour.unwrap_or_else(|| flavour::detect(file, text, self.host));
        let mut settings = Settings::new(self.host, self.options.timezone.as_deref());
        let mut comment = "";
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let note = |kind, reason: String| Note {
                file: file.to_owned(),
                line: number,
                text: line.trim().to_owned(),
                kind,
                reason,
            };
            match lines::read(line) {
                Line::Comment(text) => comment = text,
                Line::Variable { name, value } => {
                    comment = "";
                    let remark = settings.set(&name, &value);
                    translation.notes.extend(remark.map(|(kind, reason)| note(kind, reason)));
                }
                Line::Broken => translation.notes.push(note(NoteKind::NotCarriedOver, broken(flavour))),
                Line::Entry { schedule, rest } => {
                    let entry = Entry { file, number, flavour, comment, schedule, rest };
                    match self.job(&entry, &settings, translation) {
                        Ok(job) => {
                            translation.jobs.push(job);
                            translation.notes.extend(
                                self.unknown_user(&entry).map(|reason| note(NoteKind::Changed, reason)),
                            );
                        }
                        Err(reason) => translation.notes.push(note(NoteKind::NotCarriedOver, reason)),
                    }
                }
            }
        }
    }

    fn job(
        &self,
        entry: &Entry,
        settings: &Settings,
        so_far: &Translation,
    ) -> Result<ImportedJob<CommandTarget>, String> {
        if entry.schedule == "@reboot" {
            return Err(REBOOT.to_owned());
        }
        // cronie's and SUSE's sign for "don't log this".
        let schedule = entry.schedule.strip_prefix('-').unwrap_or(&entry.schedule).to_owned();
        let (user, text) = self.user_and_command(entry)?;
        let (command, input) = percent::split(text);
        let target = command::target(self.host, settings, &user, &command, input.as_deref());
        let group = Path::new(entry.file).parent().is_some_and(|parent| parent.ends_with("cron.d"));
        let group = Path::new(entry.file).file_name().and_then(|name| name.to_str()).filter(|_| group);
        let base = format!("{}{}", self.options.prefix, name::base(&command, group));
        let fingerprint = format!("{user} {schedule} {text}");
        let taken = |name: &str| so_far.jobs.iter().any(|job| job.job_id == name);
        let mut job = ImportedJob::new(name::unique(&base, &fingerprint, taken), target);
        job.description = describe(entry);
        job.schedule = schedule;
        job.timezone =
            Some(settings.timezone.clone()).filter(|zone| !matches!(zone.as_str(), "UTC" | "Etc/UTC"));
        job.jitter = settings.random_delay_minutes.map(|minutes| format!("{minutes}m"));
        job.misfire = "skip";
        job.retry = Retry::new(0, 0);
        "7d".clone_into(&mut job.timeout);
        job.checked(self.now)
    }

    fn user_and_command<'a>(&self, entry: &Entry<'a>) -> Result<(String, &'a str), String> {
        if entry.flavour == Flavour::User {
            return Ok((self.host.user.clone(), entry.rest));
        }
        let (words, text) = lines::split_words(entry.rest, 1);
        let user = words.first().copied().unwrap_or_default();
        if text.is_empty() {
            return Err("a system crontab has a user before the command, here is only one of them".to_owned());
        }
        if user != self.host.user && self.host.user != "root" {
            return Err(format!(
                "runs as {user}; belfry runs as {}, and only root's belfry can start work of others",
                self.host.user
            ));
        }
        Ok((user.to_owned(), text))
    }

    fn unknown_user(&self, entry: &Entry) -> Option<String> {
        let (words, _) = lines::split_words(entry.rest, 1);
        let user = words.first().filter(|_| entry.flavour == Flavour::System)?;
        let is_known = *user == self.host.user || self.host.homes.contains_key(*user);
        (!is_known).then(|| format!("runs as {user}, an account that this machine does not have"))
    }
}

fn describe(entry: &Entry) -> String {
    let place = format!("{}:{}", entry.file, entry.number);
    let text = if entry.comment.is_empty() { place } else { format!("{place}: {}", entry.comment) };
    crate::show::short(&text, MAX_DESCRIPTION / 4)
}

fn broken(flavour: Flavour) -> String {
    let what = match flavour {
        Flavour::System => "five fields, a user and a command",
        Flavour::User => "five fields and a command",
    };
    format!("is neither a comment, a variable (NAME=value), nor {what}")
}
