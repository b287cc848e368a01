//! Import of systemd's timers, each with the service that it starts.
//!
//! - `OnCalendar=` keeps its meaning exactly, or the timer is lost: see [`calendar`]. `Persistent=yes`
//!   catches up on the last missed slot (`misfire: latest`); without it missed slots are skipped.
//! - A service is never started beside itself: `concurrency: forbid`.
//! - A service that fails alerts nobody: see [`Options::alert_on_failure`].
//! - A timer that is not enabled begins paused, where the folders show it (`*.wants`).
//! - Belfry knows no boot. Timers that count from the boot are lost; `OnUnitActiveSec=` becomes
//!   `@every`.

mod calendar;
mod exec;
mod service;
mod span;
#[cfg(test)]
mod tests;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::Timestamp;

use self::unit::Unit;
use super::{CommandTarget, Host, ImportedJob, Note, NoteKind, job::Retry, name, zone::is_utc};

const UNKNOWN: &str = "belfry has no such setting";
const RECORDED: &str = "systemd reports no failed service: belfry records the failure in the history, without retries, dead \
                        letter or alert (on_failure: record); --alert-on-failure creates dead letters and alerts";
const TOLD: &str = "systemd reports no failed service: in belfry a failure creates a dead letter and an alert, without retries";
const NO_UNIT: &str = "its unit is not among the files";
const NO_TIMER: &str = "no timer of these files starts it";
const MASKED: &str = "is empty or a link to /dev/null; the unit is masked, and systemd never starts it";
const HIDDEN: &str = "a directory that was given earlier has a unit of this name";
const NOT_ENABLED: &str = "is not enabled (no link in a .wants directory); the job starts paused";
const NOT_TOLD: &str =
    "without .wants directories belfry cannot see whether the timer is enabled; the job starts active";
const BOOT: &str = "belfry has no times relative to the boot or to the start of a timer";
const SINCE: &str = "counts from the epoch, without jumps; systemd counts from the last start of the service";
const SINCE_END: &str =
    "counts from the epoch, and skips overlapping slots; systemd counts from the last end of the service";
const EXACT: &str = "belfry starts within a second";
const FIXED: &str = "a jitter is fixed for each slot";
const DRAWN: &str = "is a jitter, fixed for each slot; systemd draws a new delay each time";
const SEVERAL: &str = "each trigger becomes its own job, and the jobs may overlap";

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub prefix: String,
    /// Zone in place of the host's.
    pub timezone: Option<String>,
    pub alert_on_failure: bool,
    /// Whether the units are a user's own (`systemd --user`), which run as that user.
    pub of_user: bool,
}

pub struct Import<'a> {
    pub host: &'a Host,
    pub options: &'a Options,
    pub now: Timestamp,
}

/// File with a unit or a part of one, and the name of that unit.
pub struct File {
    pub name: String,
    pub unit: String,
    pub text: String,
}

/// Files that were found, in the order in which systemd would look.
#[derive(Default)]
pub struct Files {
    pub files: Vec<File>,
    /// Names of enabled units. `None` where no folder shows it.
    pub enabled: Option<BTreeSet<String>>,
}

type Translation = super::Translation<CommandTarget>;

impl Import<'_> {
    pub fn add(&self, translation: &mut Translation, files: &Files) {
        let exit = if self.options.alert_on_failure { TOLD } else { RECORDED };
        let (units, notes) = units(&files.files);
        translation.notes.extend(notes);
        let mut used = BTreeSet::new();
        for (name, (file, timer)) in units.iter().filter(|(name, _)| is_a(name, "timer")) {
            translation.notes.push(Note::of_file(file, NoteKind::File, exit));
            let mut timer = timer.clone();
            let service_name =
                timer.last("Timer", "Unit").unwrap_or_else(|| format!("{}.service", stem(name)));
            let service = units.get(&service_name).map(|(_, service)| service.clone());
            used.insert(service_name.clone());
            let enabled = files.enabled.as_ref().map(|enabled| enabled.contains(name));
            let subject = Subject { name, file, service_name: &service_name, enabled };
            self.add_timer(translation, &subject, timer, service);
        }
        let others = units.iter().filter(|(name, _)| !is_a(name, "timer") && !used.contains(*name));
        translation
            .notes
            .extend(others.map(|(_, (file, _))| Note::of_file(file, NoteKind::Ignored, NO_TIMER)));
    }

    fn add_timer(
        &self,
        translation: &mut Translation,
        subject: &Subject,
        mut timer: Unit,
        service: Option<Unit>,
    ) {
        let mut service = service.unwrap_or_default();
        let jobs = self.jobs(subject, &mut timer, &mut service, translation);
        let first = jobs.as_ref().ok().and_then(|jobs| jobs.first()).map(|job| job.job_id.clone());
        translation.notes.extend(timer.finish(first.as_deref(), UNKNOWN));
        translation.notes.extend(service.finish(first.as_deref(), UNKNOWN));
        match jobs {
            Ok(jobs) => {
                for job in jobs {
                    let text = format!("{}: {}", subject.name, job.schedule);
                    let note = Note::of_file(subject.file, NoteKind::CarriedOver, "");
                    translation.notes.push(Note { text, job: Some(job.job_id.clone()), ..note });
                    translation.jobs.push(job);
                }
            }
            Err(reason) => {
                let note = Note::of_file(subject.file, NoteKind::NotCarriedOver, reason);
                translation.notes.push(Note { text: subject.name.to_owned(), ..note });
            }
        }
    }

    fn jobs(
        &self,
        subject: &Subject,
        timer: &mut Unit,
        service: &mut Unit,
        so_far: &Translation,
    ) -> Result<Vec<ImportedJob<CommandTarget>>, String> {
        let unit = stem(subject.name);
        if unit.ends_with('@') {
            return Err("is a template; a template without an instance has no times".to_owned());
        }
        if service.is_empty() {
            return Err(format!("starts {}, which is not among the files", subject.service_name));
        }
        let schedules = self.schedules(timer)?;
        let running = service::read(self.host, self.options, stem(subject.service_name), service)?;
        let paused = is_paused(subject, timer);
        let jitter = jitter(timer)?;
        let misfire = if timer.truth("Timer", "Persistent")? == Some(true) { "latest" } else { "skip" };
        timer.tell("Documentation", NoteKind::Comment, "");
        service.tell("Documentation", NoteKind::Comment, "");
        let description = timer.last("Unit", "Description").or_else(|| service.last("Unit", "Description"));
        let _ = service.last("Unit", "Description");
        let mut jobs: Vec<ImportedJob<CommandTarget>> = Vec::new();
        for (schedule, zone) in schedules {
            let base = format!("{}{}", self.options.prefix, name::base(unit, None));
            let taken = |name: &str| so_far.has(name) || jobs.iter().any(|job| job.job_id == name);
            let mut job = ImportedJob::new(name::unique(&base, &schedule, taken), running.target.clone());
            job.description = crate::show::short(&described(subject.name, description.as_deref()), 250);
            job.schedule = schedule;
            job.timezone = zone.filter(|zone| !is_utc(zone));
            job.jitter.clone_from(&jitter);
            job.paused = paused;
            job.misfire = misfire;
            job.concurrency = Some("forbid");
            job.retry = Retry::new(0, 0);
            job.timeout.clone_from(&running.timeout);
            job.on_failure = Some("record").filter(|_| !self.options.alert_on_failure);
            jobs.push(job.checked(self.now)?);
        }
        Ok(jobs)
    }

    fn schedules(&self, timer: &mut Unit) -> Result<Vec<(String, Option<String>)>, String> {
        let mut schedules = Vec::new();
        for text in timer.all("Timer", "OnCalendar") {
            let (schedule, zone) =
                calendar::read(&text).map_err(|reason| format!("OnCalendar={text}: {reason}"))?;
            let zone = match zone.or_else(|| self.options.timezone.clone()) {
                Some(zone) => zone,
                None => self.host.timezone.clone()?.name,
            };
            schedules.push((schedule, Some(zone)));
        }
        for (name, reason) in [("OnUnitActiveSec", SINCE), ("OnUnitInactiveSec", SINCE_END)] {
            for text in timer.all("Timer", name) {
                let seconds = span::seconds(&text)?.filter(|seconds| *seconds > 0);
                let seconds = seconds.ok_or_else(|| format!("{name}={text}: is not an interval"))?;
                schedules.push((format!("@every {seconds}s"), None));
                timer.tell(name, NoteKind::Changed, reason);
            }
        }
        for name in ["OnBootSec", "OnStartupSec", "OnActiveSec"] {
            timer.tell(name, NoteKind::NotCarriedOver, BOOT);
        }
        match schedules.len() {
            0 => return Err("has no time that belfry supports".to_owned()),
            1 => {}
            _ => timer.tell("OnCalendar", NoteKind::Changed, SEVERAL),
        }
        Ok(schedules)
    }
}

/// Timer, as the report names it.
struct Subject<'a> {
    name: &'a str,
    file: &'a str,
    service_name: &'a str,
    enabled: Option<bool>,
}

fn is_paused(subject: &Subject, timer: &mut Unit) -> bool {
    let _ = timer.all("Install", "WantedBy");
    let note = |reason| Note::of_file(subject.file, NoteKind::Changed, reason);
    match subject.enabled {
        None => timer.notes.push(note(NOT_TOLD)),
        Some(false) => timer.notes.push(note(NOT_ENABLED)),
        Some(true) => {}
    }
    subject.enabled == Some(false)
}

fn is_a(unit: &str, kind: &str) -> bool {
    unit.rsplit_once('.').is_some_and(|(_, suffix)| suffix == kind)
}

fn stem(unit: &str) -> &str {
    unit.rsplit_once('.').map_or(unit, |(stem, _)| stem)
}

fn described(name: &str, description: Option<&str>) -> String {
    description.map_or_else(|| name.to_owned(), |text| format!("{name}: {text}"))
}

fn jitter(timer: &mut Unit) -> Result<Option<String>, String> {
    timer.tell("AccuracySec", NoteKind::CarriedOver, EXACT);
    timer.tell("FixedRandomDelay", NoteKind::CarriedOver, FIXED);
    let Some(text) = timer.last("Timer", "RandomizedDelaySec") else { return Ok(None) };
    let seconds = span::seconds(&text)?.ok_or("RandomizedDelaySec=infinity: is not a delay")?;
    timer.tell("RandomizedDelaySec", NoteKind::Changed, DRAWN);
    Ok(Some(format!("{seconds}s")).filter(|_| seconds > 0))
}

type Units = BTreeMap<String, (String, Unit)>;

/// Units from files, with drop-ins behind the units that they change, and notes about files that belong
/// to none.
fn units(files: &[File]) -> (Units, Vec<Note>) {
    let (mut units, mut notes) = (Units::new(), Vec::new());
    let (drop_ins, whole): (Vec<&File>, Vec<&File>) = files.iter().partition(|file| is_a(&file.name, "conf"));
    let mut seen = BTreeSet::new();
    for file in whole {
        if !seen.insert(&file.unit) {
            notes.push(Note::of_file(&file.name, NoteKind::Ignored, HIDDEN));
        } else if file.text.trim().is_empty() {
            notes.push(Note::of_file(&file.name, NoteKind::Ignored, MASKED));
        } else {
            let mut unit = Unit::default();
            unit.add(&file.name, &file.text);
            units.insert(file.unit.clone(), (file.name.clone(), unit));
        }
    }
    for file in drop_ins {
        match units.get_mut(&file.unit) {
            Some((_, unit)) => unit.add(&file.name, &file.text),
            None => notes.push(Note::of_file(&file.name, NoteKind::Ignored, NO_UNIT)),
        }
    }
    (units, notes)
}
