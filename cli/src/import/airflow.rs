//! Import of the schedules of Airflow's DAGs, where a Python file contains them as literals.
//!
//! A job triggers the DAG (`airflow dags trigger`); its tasks stay Airflow's. A file is read, never
//! run. The report lists computed values.

use belfry_domain::Timestamp;
use chrono::{NaiveDate, TimeZone as _, Utc};

use super::{
    CommandTarget, ImportedJob, Note, NoteKind, Translation,
    celery::{command_target, every, note, seconds},
    job::Retry,
    name,
    python::{self, Call, Kind, Token, Value},
    zone::is_utc,
};

const COMPUTED: &str = "is computed at run time, and belfry does not run the file; write a literal value";
const NOTHING: &str = "has no DAG(…) and no @dag(…)";
const NONE: &str = "has no schedule; Airflow starts such a DAG only by hand or daily, depending on version and configuration";
const TWICE: &str = "the job triggers the DAG at each slot, with the slot as logical date; set schedule=None in the DAG, \
                     or it runs twice";
const CATCHUP: &str =
    "missed slots run once (misfire: latest); with catchup=True all missed slots run (misfire: all)";
const SINCE: &str =
    "counts from start_date, or from the epoch without start_date; Airflow counts from the previous run";
const SECONDS_LAST: &str = "has six fields: in Airflow the seconds come last, in belfry they come first";
/// Arguments about time. All others are about the DAG, and stay in it.
const TIMES: [&str; 7] = [
    "schedule",
    "schedule_interval",
    "timetable",
    "start_date",
    "end_date",
    "catchup",
    "is_paused_upon_creation",
];

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub prefix: String,
}

pub struct Import<'a> {
    pub options: &'a Options,
    pub now: Timestamp,
}

impl Import<'_> {
    pub fn add(&self, translation: &mut Translation<CommandTarget>, file: &str, text: &str) {
        let tokens = python::read(text);
        let before = translation.notes.len();
        for at in 0..tokens.len() {
            let Some(name) = begins_dag(&tokens, at) else { continue };
            let line = tokens[at].line;
            let mut notes = Vec::new();
            let job = match Value::first(&tokens, at) {
                (Value::Call(call), end) => {
                    let name = call.get("dag_id").or(call.positional.first()).map_or_else(
                        || function_behind(&tokens, end).filter(|_| name == "dag"),
                        |value| value.text().map(str::to_owned),
                    );
                    let name = name.ok_or_else(|| format!("dag_id: {COMPUTED}"));
                    name.and_then(|name| {
                        let tell = |kind, reason: &str| notes.push(note(file, line, &name, kind, reason));
                        self.job(&name, &call, translation, tell)
                    })
                }
                _ => Err(COMPUTED.to_owned()),
            };
            translation.notes.extend(notes);
            match job {
                Ok(job) => {
                    let told = note(file, line, &job.description, NoteKind::CarriedOver, "");
                    translation.notes.push(Note { job: Some(job.job_id.clone()), ..told });
                    translation.jobs.push(job);
                }
                Err(reason) => {
                    translation.notes.push(note(file, line, name, NoteKind::NotCarriedOver, &reason));
                }
            }
        }
        if translation.notes.len() == before {
            translation.notes.push(Note::of_file(file, NoteKind::NotCarriedOver, NOTHING));
        }
    }

    fn job(
        &self,
        dag: &str,
        call: &Call,
        so_far: &Translation<CommandTarget>,
        mut tell: impl FnMut(NoteKind, &str),
    ) -> Result<ImportedJob<CommandTarget>, String> {
        let (schedule, own_zone) = schedule(call)?;
        let (start, zone) = instant(call, "start_date")?;
        let (end, _) = instant(call, "end_date")?;
        let target = command_target(["airflow", "dags", "trigger", dag].map(str::to_owned).into());
        let base = format!("{}{}", self.options.prefix, name::base(dag, None));
        let mut job = ImportedJob::new(name::unique(&base, &schedule, |name| so_far.has(name)), target);
        job.description = crate::show::short(&format!("Airflow DAG {dag}"), 250);
        tell(NoteKind::Changed, TWICE);
        if schedule.starts_with("@every") {
            tell(NoteKind::Changed, SINCE);
        }
        job.schedule = schedule;
        job.timezone = own_zone.or(zone).filter(|zone| !is_utc(zone));
        (job.start, job.end) = (start, end);
        job.misfire = match call.get("catchup") {
            Some(Value::Truth(true)) => "all",
            Some(Value::Truth(false)) => "latest",
            None => {
                tell(NoteKind::Changed, CATCHUP);
                "latest"
            }
            Some(_) => return Err(format!("catchup: {COMPUTED}")),
        };
        job.paused = match call.get("is_paused_upon_creation") {
            None | Some(Value::None | Value::Truth(false)) => false,
            Some(Value::Truth(true)) => true,
            Some(_) => return Err(format!("is_paused_upon_creation: {COMPUTED}")),
        };
        for (_, name, _) in call.named.iter().filter(|(_, name, _)| !TIMES.contains(&name.as_str())) {
            tell(NoteKind::Comment, &format!("{name} stays with the DAG"));
        }
        job.retry = Retry::new(0, 0);
        job.checked(self.now)
    }
}

/// Recognises the beginning of a call that creates a DAG: `DAG(…)`, `models.DAG(…)` or `@dag(…)`.
fn begins_dag(tokens: &[Token], at: usize) -> Option<&'static str> {
    let kind = |at: usize| tokens.get(at).map(|token| &token.kind);
    let Kind::Name(name) = kind(at)? else { return None };
    let is_called = kind(at + 1) == Some(&Kind::Sign('('));
    let before = at.checked_sub(1).and_then(kind);
    match name.as_str() {
        "DAG" if is_called => Some("DAG"),
        "dag" if is_called && before == Some(&Kind::Sign('@')) => Some("dag"),
        _ => None,
    }
}

/// Name of the function that a decorator belongs to.
fn function_behind(tokens: &[Token], at: usize) -> Option<String> {
    let mut behind = tokens[at..].iter().skip_while(|token| token.kind != Kind::Name("def".to_owned()));
    match &behind.nth(1)?.kind {
        Kind::Name(name) => Some(name.clone()),
        _ => None,
    }
}

/// Schedule, and its zone where it names one.
fn schedule(call: &Call) -> Result<(String, Option<String>), String> {
    let given = ["schedule", "schedule_interval", "timetable"].into_iter().find_map(|name| call.get(name));
    match given {
        None | Some(Value::None) => Err(NONE.to_owned()),
        Some(Value::Text(text)) => cron(text).map(|schedule| (schedule, None)),
        Some(Value::Call(call)) if call.function() == "timedelta" => Ok((every(seconds(call)?)?, None)),
        Some(Value::Call(call))
            if matches!(call.function(), "CronTriggerTimetable" | "CronDataIntervalTimetable") =>
        {
            let known = call.named.iter().all(|(_, name, _)| name == "timezone" || name == "cron");
            let text = call.get("cron").or(call.positional.first()).and_then(Value::text);
            let zone = call.get("timezone").and_then(Value::text);
            match (text, zone) {
                (Some(text), Some(zone)) if known => Ok((cron(text)?, Some(zone.to_owned()))),
                _ => Err(format!("schedule: {COMPUTED}")),
            }
        }
        Some(_) => Err(format!("schedule: {COMPUTED}")),
    }
}

fn cron(text: &str) -> Result<String, String> {
    match text {
        "@once" | "@continuous" => Err(format!("schedule: belfry has no {text}")),
        "@quarterly" => Ok("0 0 1 1,4,7,10 *".to_owned()),
        _ if text.split_ascii_whitespace().count() > 5 => Err(format!("schedule: {text}: {SECONDS_LAST}")),
        _ => Ok(text.to_owned()),
    }
}

/// Instant and zone of `datetime(2026, 1, 1)`, which is UTC, or `pendulum.datetime(2026, 1, 1,
/// tz="Europe/Berlin")`, whose zone applies to the schedule too.
fn instant(call: &Call, name: &str) -> Result<(Option<String>, Option<String>), String> {
    let computed = || format!("{name}: {COMPUTED}");
    let Some(Value::Call(made)) = call.get(name) else {
        return match call.get(name) {
            None | Some(Value::None) => Ok((None, None)),
            Some(_) => Err(computed()),
        };
    };
    if made.function() != "datetime" {
        return Err(computed());
    }
    let zone = match made.named.as_slice() {
        [] => None,
        [(_, key, Value::Text(zone))] if key == "tz" => Some(zone.clone()),
        _ => return Err(computed()),
    };
    let number = |value: &Value| match value {
        Value::Number(number) if number.fract() == 0.0 => Some(*number as u32),
        _ => None,
    };
    let numbers = made.positional.iter().map(number).collect::<Option<Vec<_>>>().ok_or_else(computed)?;
    let [year, month, day, time @ ..] = &numbers[..] else { return Err(computed()) };
    let part = |at: usize| time.get(at).copied().unwrap_or(0);
    let date = NaiveDate::from_ymd_opt(*year as i32, *month, *day);
    let local = date.and_then(|date| date.and_hms_opt(part(0), part(1), part(2))).ok_or_else(computed)?;
    if time.len() > 3 {
        return Err(computed());
    }
    let start = match &zone {
        Some(zone) if !is_utc(zone) => in_zone(local, zone).ok_or_else(computed)?,
        _ => Utc.from_utc_datetime(&local).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
    };
    Ok((Some(start), zone))
}

/// Instant of a local time, computed by a schedule that has it as its only slot.
fn in_zone(local: chrono::NaiveDateTime, zone: &str) -> Option<String> {
    let expression = format!("at({})", local.format("%Y-%m-%dT%H:%M:%S"));
    let schedule = belfry_domain::schedule::Schedule::parse(&expression, Some(zone)).ok()?;
    let instant = schedule.next_after(chrono::DateTime::UNIX_EPOCH)?;
    Some(instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::report::tests::losses;

    fn import(text: &str) -> Translation<CommandTarget> {
        let options = Options::default();
        let mut translation = Translation::default();
        Import { options: &options, now: Timestamp(1_795_000_000_000) }.add(&mut translation, "dag.py", text);
        translation
    }

    #[test]
    fn dags_that_are_written_out() {
        for (text, id, schedule, zone, misfire) in [
            (
                "with DAG('a', schedule='0 5 * * *', catchup=False) as dag:\n  pass",
                "a",
                "0 5 * * *",
                None,
                "latest",
            ),
            (
                "dag = DAG(dag_id='b', schedule_interval='@daily', catchup=True, tags=['x'])",
                "b",
                "@daily",
                None,
                "all",
            ),
            ("@dag(schedule=timedelta(days=14))\ndef c():\n  pass", "c", "@every 1209600s", None, "latest"),
            (
                "models.DAG('d', schedule='@quarterly', start_date=pendulum.datetime(2026, 1, 1, tz='Asia/Tokyo'))",
                "d",
                "0 0 1 1,4,7,10 *",
                Some("Asia/Tokyo"),
                "latest",
            ),
            (
                "DAG('e', schedule=CronTriggerTimetable('0 1 * * 3', timezone='UTC'))",
                "e",
                "0 1 * * 3",
                None,
                "latest",
            ),
        ] {
            let translation = import(text);
            let [job] = &translation.jobs[..] else { panic!("{text}: {:?}", translation.notes) };
            assert_eq!(
                (job.job_id.as_str(), job.schedule.as_str(), job.misfire),
                (id, schedule, misfire),
                "{text}"
            );
            assert_eq!(job.timezone.as_deref(), zone, "{text}");
            assert_eq!(job.target.command, ["airflow", "dags", "trigger", id]);
            assert!(losses(&translation).iter().any(|note| note.reason.contains("runs twice")));
        }
        let start =
            import("DAG('d', schedule='@daily', start_date=pendulum.datetime(2027, 1, 1, tz='Asia/Tokyo'))");
        assert_eq!(start.jobs[0].start.as_deref(), Some("2026-12-31T15:00:00Z"));
    }

    #[test]
    fn what_is_computed_is_listed_and_never_run() {
        for (text, reason) in [
            ("DAG(NAME, schedule='@daily')", "dag_id: is computed"),
            ("DAG('a', schedule=SCHEDULE)", "schedule: is computed"),
            ("DAG('a', schedule=[Dataset('x')])", "schedule: is computed"),
            ("DAG('a', schedule=f'{m} * * * *')", "schedule: is computed"),
            ("DAG('a')", "no schedule"),
            ("DAG('a', schedule=None)", "no schedule"),
            ("DAG('a', schedule='@once')", "no @once"),
            ("DAG('a', schedule='* * * * * */15')", "seconds come last"),
            ("DAG('a', schedule='0 0 * * 5#2')", "schedule"),
            ("DAG('a', schedule='@daily', start_date=days_ago(2))", "start_date: is computed"),
            ("DAG('a', schedule='@daily', catchup=X)", "catchup: is computed"),
            ("DAG(**options)", "dag_id"),
            ("import os\nos.system('touch /tmp/x')\n", "no DAG"),
        ] {
            let translation = import(text);
            assert!(translation.jobs.is_empty(), "{text}");
            let reasons: Vec<&str> = losses(&translation).iter().map(|note| note.reason.as_str()).collect();
            assert!(reasons.iter().any(|why| why.contains(reason)), "{text}: {reasons:?}");
        }
    }
}
