//! Import of Celery beat's schedule, where a Python file contains it as literals.
//!
//! A job puts the task into Celery's queue, as beat does (`celery call`). Celery runs the task as
//! before, and its result stays with Celery. A file is read, never run. The report lists computed
//! values.

use std::collections::BTreeMap;

use belfry_domain::Timestamp;

use super::{
    CommandTarget, ImportedJob, Note, NoteKind, Translation,
    job::Retry,
    name,
    python::{self, Call, Kind, Token, Value},
    zone::is_utc,
};

const SCHEDULES: [&str; 3] = ["beat_schedule", "CELERYBEAT_SCHEDULE", "CELERY_BEAT_SCHEDULE"];
const ZONES: [&str; 2] = ["timezone", "CELERY_TIMEZONE"];
const COMPUTED: &str = "is computed at run time, and belfry does not run the file; write a literal value";
const ENTRY: &str = "is not an entry with a task and a schedule";
const NOTHING: &str = "has no beat_schedule = {…}, and so no schedule of Celery beat";
const ADDED: &str =
    "adds a task at run time, and belfry does not run the file; write the task into beat_schedule";
const BOTH: &str = "day of month and day of week must both match; in cron, one match is enough";
const UNKNOWN: &str = "belfry has no such setting";
const SINCE: &str = "counts from the epoch, without jumps; beat counts from the last time it sent the task";

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub prefix: String,
    /// Application, as `celery --app` takes it.
    pub app: String,
    /// Zone that replaces the file's own, and UTC.
    pub timezone: Option<String>,
}

pub struct Import<'a> {
    pub options: &'a Options,
    pub now: Timestamp,
}

impl Import<'_> {
    pub fn add(&self, translation: &mut Translation<CommandTarget>, file: &str, text: &str) {
        let tokens = python::read(text);
        let zone = self.options.timezone.clone().map_or_else(|| zone(&tokens), Ok);
        let before = translation.notes.len();
        for at in 0..tokens.len() {
            let Kind::Name(name) = &tokens[at].kind else { continue };
            let line = tokens[at].line;
            if name == "add_periodic_task" {
                translation.notes.push(note(file, line, name, NoteKind::NotCarriedOver, ADDED));
            } else if SCHEDULES.contains(&name.as_str()) {
                let is_given = tokens.get(at + 1).map(|token| &token.kind) == Some(&Kind::Sign('='));
                match Value::read(&tokens, at + 2).0 {
                    Value::Map(entries) if is_given => self.add_entries(translation, file, &entries, &zone),
                    _ => translation.notes.push(note(file, line, name, NoteKind::NotCarriedOver, COMPUTED)),
                }
            }
        }
        if translation.notes.len() == before {
            translation.notes.push(Note::of_file(file, NoteKind::NotCarriedOver, NOTHING));
        }
    }

    fn add_entries(
        &self,
        translation: &mut Translation<CommandTarget>,
        file: &str,
        entries: &[(usize, Value, Value)],
        zone: &Result<String, String>,
    ) {
        for (line, key, value) in entries {
            let entry = key.text().unwrap_or("(computed)");
            let mut notes = Vec::new();
            let job = self.job(entry, value, zone, translation, |kind, reason| {
                notes.push(note(file, *line, entry, kind, reason));
            });
            translation.notes.extend(notes);
            match job {
                Ok(job) => {
                    let told = note(file, *line, entry, NoteKind::CarriedOver, "");
                    translation.notes.push(Note { job: Some(job.job_id.clone()), ..told });
                    translation.jobs.push(job);
                }
                Err(reason) => {
                    translation.notes.push(note(file, *line, entry, NoteKind::NotCarriedOver, &reason));
                }
            }
        }
    }

    fn job(
        &self,
        entry: &str,
        value: &Value,
        zone: &Result<String, String>,
        so_far: &Translation<CommandTarget>,
        mut tell: impl FnMut(NoteKind, &str),
    ) -> Result<ImportedJob<CommandTarget>, String> {
        let Value::Map(fields) = value else { return Err(COMPUTED.to_owned()) };
        let mut task = None;
        let mut schedule = None;
        let mut words = Vec::new();
        for (_, key, value) in fields {
            let json = || value.json().map(|json| json.to_string()).ok_or_else(|| told(key, COMPUTED));
            match key.text() {
                Some("task") => task = value.text().map(str::to_owned),
                Some("schedule") => {
                    schedule = Some(self::schedule(value).map_err(|reason| told(key, &reason))?);
                }
                Some("args") => words.extend(["--args".to_owned(), json()?]),
                Some("kwargs") => words.extend(["--kwargs".to_owned(), json()?]),
                Some("options") => words.extend(options(value, &mut tell)?),
                Some(other) => tell(NoteKind::NotCarriedOver, &format!("{other}: {UNKNOWN}")),
                None => return Err(COMPUTED.to_owned()),
            }
        }
        let (Some(task), Some(schedule)) = (task, schedule) else { return Err(ENTRY.to_owned()) };
        if schedule.starts_with("@every") {
            tell(NoteKind::Changed, &format!("{schedule}: {SINCE}"));
        }
        let command =
            ["celery", "--app", &self.options.app, "call", &task].map(str::to_owned).into_iter().chain(words);
        let target = command_target(command.collect());
        let base = format!("{}{}", self.options.prefix, name::base(&entry.replace(' ', "-"), None));
        let mut job = ImportedJob::new(name::unique(&base, &schedule, |name| so_far.has(name)), target);
        job.description = crate::show::short(&format!("Celery beat {entry}: {task}"), 250);
        job.schedule = schedule;
        job.timezone = Some(zone.clone()?).filter(|zone| !is_utc(zone));
        job.retry = Retry::new(0, 0);
        job.checked(self.now)
    }
}

pub(super) fn command_target(command: Vec<String>) -> CommandTarget {
    CommandTarget {
        kind: "command",
        command,
        working_directory: None,
        environment: BTreeMap::new(),
        pass_environment: Vec::new(),
    }
}

pub(super) fn note(file: &str, line: usize, text: &str, kind: NoteKind, reason: &str) -> Note {
    Note { line, text: text.to_owned(), ..Note::of_file(file, kind, reason) }
}

fn told(key: &Value, reason: &str) -> String {
    format!("{}: {reason}", key.text().unwrap_or_default())
}

/// Zone that the file sets for beat. Default UTC.
fn zone(tokens: &[Token]) -> Result<String, String> {
    let is_zone = |kind: &Kind| matches!(kind, Kind::Name(name) if ZONES.contains(&name.as_str()));
    let given = tokens.windows(2).position(|pair| is_zone(&pair[0].kind) && pair[1].kind == Kind::Sign('='));
    match given.map(|at| Value::read(tokens, at + 2).0) {
        None => Ok("UTC".to_owned()),
        Some(Value::Text(zone)) => Ok(zone),
        Some(_) => Err("timezone: is computed; give --timezone".to_owned()),
    }
}

fn options(value: &Value, tell: &mut impl FnMut(NoteKind, &str)) -> Result<Vec<String>, String> {
    let Value::Map(fields) = value else { return Err(format!("options: {COMPUTED}")) };
    let mut words = Vec::new();
    for (_, key, value) in fields {
        match (key.text(), value) {
            (Some(name @ ("queue" | "exchange" | "routing_key")), Value::Text(text)) => {
                words.extend([format!("--{}", name.replace('_', "-")), text.clone()]);
            }
            (Some("expires"), Value::Number(seconds)) => {
                words.extend(["--expires".to_owned(), seconds.to_string()]);
            }
            (name, _) => {
                tell(
                    NoteKind::NotCarriedOver,
                    &format!("options.{}: {UNKNOWN}", name.unwrap_or("(computed)")),
                );
            }
        }
    }
    Ok(words)
}

fn schedule(value: &Value) -> Result<String, String> {
    match value {
        Value::Number(seconds) => every(*seconds),
        Value::Call(call) if call.function() == "timedelta" => every(seconds(call)?),
        Value::Call(call) if call.function() == "crontab" => crontab(call),
        Value::Call(call) => Err(format!("belfry has no {} schedule", call.function())),
        _ => Err(COMPUTED.to_owned()),
    }
}

pub(super) fn every(seconds: f64) -> Result<String, String> {
    let is_whole = seconds >= 1.0 && seconds.fract() == 0.0 && seconds < 1e10;
    is_whole
        .then(|| format!("@every {seconds}s"))
        .ok_or_else(|| format!("{seconds} s: is not an interval of whole seconds"))
}

/// Seconds of `timedelta(days=1, hours=2)`.
pub(super) fn seconds(call: &Call) -> Result<f64, String> {
    let mut total = 0.0;
    let positional = ["days", "seconds"].into_iter().zip(&call.positional);
    let named = call.named.iter().map(|(_, name, value)| (name.as_str(), value));
    if call.positional.len() > 2 {
        return Err(COMPUTED.to_owned());
    }
    for (name, value) in positional.chain(named) {
        let scale = match name {
            "seconds" => 1.0,
            "minutes" => 60.0,
            "hours" => 3600.0,
            "days" => 86_400.0,
            "weeks" => 7.0 * 86_400.0,
            _ => return Err(format!("timedelta: belfry has no {name}")),
        };
        let Value::Number(number) = value else { return Err(COMPUTED.to_owned()) };
        total += scale * number;
    }
    Ok(total)
}

const FIELDS: [&str; 5] = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"];

fn crontab(call: &Call) -> Result<String, String> {
    // Its own order: the day of the week comes third.
    const POSITIONS: [&str; 5] = ["minute", "hour", "day_of_week", "day_of_month", "month_of_year"];
    let mut fields = FIELDS.map(|_| "*".to_owned());
    let positional = POSITIONS.into_iter().zip(&call.positional);
    let named = call.named.iter().map(|(_, name, value)| (name.as_str(), value));
    for (name, value) in positional.chain(named) {
        let at = FIELDS
            .iter()
            .position(|field| *field == name)
            .ok_or_else(|| format!("crontab: {name}: {UNKNOWN}"))?;
        fields[at] = match value {
            Value::Text(text) => text.split_ascii_whitespace().collect(),
            Value::Number(number) if number.fract() == 0.0 => number.to_string(),
            _ => return Err(COMPUTED.to_owned()),
        };
    }
    let is_restricted = |field: &String| !field.starts_with('*');
    if is_restricted(&fields[2]) && is_restricted(&fields[4]) {
        return Err(BOTH.to_owned());
    }
    fields[4] = short_days(&fields[4]);
    Ok(fields.join(" "))
}

/// Shortens `sunday` to `sun`, because Celery accepts both.
fn short_days(field: &str) -> String {
    const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    let lower = field.to_ascii_lowercase();
    DAYS.iter().fold(lower, |field, day| field.replace(day, &day[..3]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::report::tests::losses;

    fn import(text: &str) -> Translation<CommandTarget> {
        let options = Options { app: "proj".to_owned(), ..Options::default() };
        let mut translation = Translation::default();
        Import { options: &options, now: Timestamp(1_795_000_000_000) }.add(
            &mut translation,
            "celery.py",
            text,
        );
        translation
    }

    /// Checks entries like the examples of
    /// <https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html>.
    #[test]
    fn entries_that_are_written_out() {
        let text = "from celery.schedules import crontab\napp.conf.timezone = 'Europe/Berlin'\napp.conf.beat_schedule = {\n  \
            'add every 30': {'task': 'tasks.add', 'schedule': 30.0, 'args': (16, 16)},\n  \
            'monday': {'task': 'tasks.add', 'schedule': crontab(hour=7, minute=30, day_of_week='monday'),\n    \
            'kwargs': {'a': 'b c'}, 'options': {'queue': 'q', 'expires': 15.0}},\n  \
            'half': {'task': 't', 'schedule': timedelta(hours=1, minutes=30)},\n  'min': {'task': 't', 'schedule': crontab()},\n}\n";
        let translation = import(text);
        let jobs: Vec<(&str, &str)> =
            translation.jobs.iter().map(|job| (job.job_id.as_str(), job.schedule.as_str())).collect();
        let expected = [
            ("add-every-30", "@every 30s"),
            ("monday", "30 7 * * mon"),
            ("half", "@every 5400s"),
            ("min", "* * * * *"),
        ];
        assert_eq!(jobs, expected);
        let words = |at: usize| translation.jobs[at].target.command.join(" ");
        assert_eq!(words(0), "celery --app proj call tasks.add --args [16,16]");
        assert_eq!(
            words(1),
            "celery --app proj call tasks.add --kwargs {\"a\":\"b c\"} --queue q --expires 15"
        );
        assert_eq!(translation.jobs[1].timezone.as_deref(), Some("Europe/Berlin"));
        let changed: Vec<usize> = losses(&translation).iter().map(|note| note.line).collect();
        assert_eq!(changed, [4, 7]);
    }

    #[test]
    fn what_is_computed_is_listed_and_never_run() {
        for (text, reason) in [
            ("beat_schedule = {'a': {'task': 't', 'schedule': crontab(minute=MINUTE)}}", "is computed"),
            (
                "beat_schedule = {'a': {'task': 't', 'schedule': crontab(day_of_month=1, day_of_week=1)}}",
                "both match",
            ),
            ("beat_schedule = {'a': {'task': 't', 'schedule': solar('sunset', 1, 2)}}", "no solar"),
            ("beat_schedule = {'a': {'task': 't', 'schedule': 0.5}}", "whole seconds"),
            ("beat_schedule = {'a': {'task': 't', 'schedule': 5, 'args': (x,)}}", "args: is computed"),
            ("beat_schedule = {'a': {'schedule': 5}}", "not an entry"),
            ("beat_schedule = load()", "is computed"),
            ("app.conf.beat_schedule.update(x)", "is computed"),
            ("sender.add_periodic_task(10.0, t.s())", "adds a task"),
            ("import os\nos.system('touch /tmp/x')\n", "no beat_schedule"),
        ] {
            let translation = import(text);
            assert!(translation.jobs.is_empty(), "{text}");
            assert!(losses(&translation)[0].reason.contains(reason), "{text}: {:?}", losses(&translation));
        }
    }
}
