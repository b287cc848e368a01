//! Import of crontabs, as jobs that do the same.
//!
//! - A command runs through the crontab's SHELL (`/bin/sh` by default), in the user's home directory,
//!   with the variables that precede it and with cron's own PATH where the crontab sets none.
//! - The text behind a `%` is the command's standard input. Without it, the command can read Belfry's
//!   own input, JSON; under cron it finds nothing there.
//! - In a system crontab, an entry of the user that belfry runs as is carried over as it is. If belfry
//!   runs as root, entries of other users run through `runuser`; otherwise they can't be carried over.
//! - Schedules keep cron's meaning: the machine's time zone, or CRON_TZ. cron never catches up and
//!   never retries, so the jobs have `misfire: skip`, no retries, and a timeout of a week.
//! - cron ignores exit codes, so a failure is only recorded: see [`Options::alert_on_failure`].
//! - `@reboot` has no slot. The report lists it, and everything else that is left out or altered.

mod anacron;
mod command;
mod entry;
mod flavour;
mod lines;
mod percent;
mod settings;
#[cfg(test)]
mod tests;
mod text;

use belfry_domain::Timestamp;

pub use self::flavour::Flavour;
use self::{
    entry::{Entry, When},
    flavour::{Kind, NoKind},
    lines::Line,
    settings::Settings,
    text::{Row, Text},
};
use super::{CommandTarget, Host, Note, NoteKind};

const RECORDED: &str = "cron ignores exit codes: an exit code other than 0 is recorded as failed in the history, without \
                        retries, dead letter or alert (on_failure: record); --alert-on-failure creates dead letters \
                        and alerts";
const TOLD: &str = "cron ignores exit codes: in belfry an exit code other than 0 creates a dead letter and an alert, \
                    without retries";
const WHOLE_FILE: &str = "has lines that cron cannot read; Debian's cron ignores the whole file, belfry reads the \
                          other lines";

pub struct Import<'a> {
    pub host: &'a Host,
    pub options: &'a Options,
    pub now: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Flavour of the files. `None` lets it be detected.
    pub flavour: Option<Flavour>,
    pub prefix: String,
    /// Zone in place of the host's.
    pub timezone: Option<String>,
    /// Whether failures make dead letters and alerts, of which cron has neither.
    pub alert_on_failure: bool,
}

type Translation = super::Translation<CommandTarget>;

impl Import<'_> {
    /// Adds the jobs of a file. `file` is its name for people.
    pub fn add(&self, translation: &mut Translation, file: &str, text: impl AsRef<[u8]>) {
        let text = Text::read(text.as_ref());
        let forced =
            self.options.flavour.map(|flavour| Kind { flavour, owner: None, why: "an option says so" });
        match forced.map_or_else(|| flavour::detect(file, &text.readable(), self.host), Ok) {
            Ok(kind) => self.add_lines(translation, file, &kind, &text),
            Err(NoKind::Ignored(reason)) => leave_out(translation, file, &text, (NoteKind::Ignored, reason)),
            Err(NoKind::Unclear(reason)) => {
                leave_out(translation, file, &text, (NoteKind::NotCarriedOver, reason));
            }
        }
    }

    /// Adds a file that cron ignores, with the reason.
    pub fn ignore(translation: &mut Translation, file: &str, text: &[u8], reason: &'static str) {
        leave_out(translation, file, &Text::read(text), (NoteKind::Ignored, reason));
    }

    fn add_lines(&self, translation: &mut Translation, file: &str, kind: &Kind, text: &Text<'_>) {
        let mut settings = Settings::new(self.host, self.options.timezone.as_deref());
        let exit_codes = if self.options.alert_on_failure { TOLD } else { RECORDED };
        for reason in [&*taken_for(kind, &settings), exit_codes] {
            translation.notes.push(Note::of_file(file, NoteKind::File, reason));
        }
        let remarks = text.remarks.iter();
        translation.notes.extend(remarks.map(|remark| Note::of_file(file, NoteKind::Changed, *remark)));
        let mut comment = "";
        let mut is_whole = true;
        for row in &text.rows {
            let line = match &row.text {
                Ok(_) if row.shown.is_empty() => {
                    comment = "";
                    continue;
                }
                Ok(line) => *line,
                Err(_) if row.shown.starts_with('#') => "#",
                Err(reason) => {
                    translation.notes.push(note(file, row, NoteKind::NotCarriedOver, reason.clone()));
                    continue;
                }
            };
            match lines::read(line) {
                Line::Comment(text) => {
                    comment = text;
                    translation.notes.push(note(file, row, NoteKind::Comment, ""));
                }
                Line::Variable { name, value } => {
                    comment = "";
                    let (kind, reason) = settings.set(&name, &value);
                    translation.notes.push(note(file, row, kind, reason));
                }
                _ => is_whole &= self.add_entry(translation, file, kind, &settings, (row, line, comment)),
            }
        }
        if !is_whole {
            translation.notes.push(Note::of_file(file, NoteKind::Changed, WHOLE_FILE));
        }
    }

    /// Adds the job of a line, or its loss. `false` where cron can't read the line.
    fn add_entry(
        &self,
        translation: &mut Translation,
        file: &str,
        kind: &Kind,
        settings: &Settings,
        (row, line, comment): (&Row<'_>, &str, &str),
    ) -> bool {
        let Some(when) = When::read(kind.flavour, line, settings) else {
            translation.notes.push(note(file, row, NoteKind::NotCarriedOver, entry::broken(kind.flavour)));
            return false;
        };
        let entry = Entry { file, number: row.number, kind, comment, when };
        match self.job(&entry, settings, translation) {
            Ok(job) => {
                let became = Some(job.job_id.clone());
                translation.jobs.push(job);
                translation.notes.push(Note { job: became, ..note(file, row, NoteKind::CarriedOver, "") });
                let remarks = self.remarks(&entry).into_iter();
                translation.notes.extend(remarks.map(|reason| note(file, row, NoteKind::Changed, reason)));
                true
            }
            Err(refusal) => {
                translation.notes.push(note(file, row, NoteKind::NotCarriedOver, refusal.reason));
                !refusal.is_crons
            }
        }
    }
}

fn note(file: &str, row: &Row<'_>, kind: NoteKind, reason: impl Into<String>) -> Note {
    Note { line: row.number, text: row.shown.clone(), ..Note::of_file(file, kind, reason) }
}

fn leave_out(
    translation: &mut Translation,
    file: &str,
    text: &Text<'_>,
    (kind, reason): (NoteKind, &'static str),
) {
    translation.notes.push(Note::of_file(file, kind, reason));
    let lines = text.rows.iter().filter(|row| !row.shown.is_empty());
    translation.notes.extend(lines.map(|row| note(file, row, kind, "")));
}

fn taken_for(kind: &Kind, settings: &Settings) -> String {
    let what = match kind.flavour {
        Flavour::System => "a system crontab, with a user column before the commands",
        Flavour::User => "a user's crontab, without a user column",
        Flavour::Anacron => "an anacrontab",
    };
    let zone = match &settings.timezone {
        Ok(zone) => format!("its times are in the zone {}, according to {}", zone.name, zone.source),
        Err(reason) => reason.clone(),
    };
    format!("read as {what}, because {}; {zone}", kind.why)
}
