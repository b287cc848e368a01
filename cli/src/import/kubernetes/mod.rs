//! Import of CronJob manifests.
//!
//! - A schedule keeps the meaning that the CronJob controller gives it: of missed slots the last one
//!   runs (`misfire: latest`), within `startingDeadlineSeconds`; failed pods are retried up to
//!   `backoffLimit` times, after 10 s, then twice as long, at most 6 minutes; `suspend` begins paused.
//! - Belfry runs no images. By default the container's command becomes a process on the worker's host,
//!   and the report says that its image is not used. Where the image is needed, a container runtime on
//!   that host or a task on ECS runs it: see [`Container`].
//! - The report lists everything else in a manifest.

mod container;
mod environment;
mod policy;
mod schedule;
#[cfg(test)]
mod tests;

use belfry_domain::{Target, Timestamp};

use self::container::Subject;
use super::{
    ImportedJob, Note, NoteKind, Translation,
    fields::{Field, Fields, Report, text_of},
    job::Retry,
    name,
};
use crate::files::{self, Content, FileErrors, Node};

const CLUSTERS_OWN: &str = "the cluster's own records; belfry keeps its own";
const UNKNOWN: &str = "belfry has no such setting";
const RETENTION: &str = "belfry keeps all executions for seven days after their end";
const TEMPLATE: &str =
    "is a Helm template: render it first, with `helm template NAME CHART | belfry import kubernetes -`";
const OTHER_GROUP: &str = "is not a CronJob of Kubernetes (apiVersion: batch/v1)";
const SUSPENDED_RUNS: &str = "its Jobs start suspended, so nothing runs; the job starts paused";
const LONGEST_ATTEMPT_SECONDS: u64 = 7 * 24 * 3600;

pub struct Import<'a> {
    pub options: &'a Options,
    pub now: Timestamp,
}

/// Runner of the container of a pod.
#[derive(Debug, Clone, Default)]
pub enum Container {
    #[default]
    Process,
    /// Program whose `run` has docker's options.
    Runtime(String),
    Ecs {
        cluster: String,
        subnets: Vec<String>,
    },
}

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub prefix: String,
    /// Time zone of schedules without `timeZone`: that of the cluster's controller.
    pub timezone: Option<String>,
    pub container: Container,
}

impl Import<'_> {
    /// Adds the CronJobs of a file's documents. `file` is its name for people.
    pub fn add(
        &self,
        translation: &mut Translation<Target>,
        file: &str,
        text: &str,
    ) -> Result<(), FileErrors> {
        if text.lines().any(is_templated) {
            translation.notes.push(Note::of_file(file, NoteKind::NotCarriedOver, TEMPLATE));
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            translation.notes.extend(lines.map(|(index, line)| Note {
                line: index + 1,
                text: line.trim().to_owned(),
                ..Note::of_file(file, NoteKind::NotCarriedOver, "")
            }));
            return Ok(());
        }
        for document in files::documents(file, text)? {
            self.add_object(translation, file, &document);
        }
        Ok(())
    }

    fn add_object(&self, translation: &mut Translation<Target>, file: &str, node: &Node) {
        let mut report = Report { file, subject: String::new(), notes: Vec::new() };
        let mut object = Fields::of("", node);
        let kind = object.text("kind", &mut report).unwrap_or_default();
        let mut items = object.list("items", &mut report);
        if kind.ends_with("List") {
            items.drain(..).for_each(|item| self.add_object(translation, file, item.node));
            return;
        }
        if kind != "CronJob" {
            if node.content != Content::Scalar(serde_json::Value::Null) {
                let text = if kind.is_empty() { "(no kind)".to_owned() } else { kind };
                report.add(node, text, NoteKind::NotCarriedOver, "is not a CronJob");
            }
            translation.notes.extend(report.notes);
            return;
        }
        match self.job(object, translation, &mut report) {
            Ok(job) => {
                report.became(node, &job);
                translation.jobs.push(job);
            }
            Err(reason) => report.add(node, kind, NoteKind::NotCarriedOver, &reason),
        }
        translation.notes.extend(report.notes);
    }

    fn job(
        &self,
        mut object: Fields,
        so_far: &Translation<Target>,
        report: &mut Report,
    ) -> Result<ImportedJob<Target>, String> {
        let version = object.text("apiVersion", report);
        if version.is_some_and(|version| !version.starts_with("batch/")) {
            return Err(OTHER_GROUP.to_owned());
        }
        let mut metadata = object.object("metadata", report);
        let name = metadata.text("name", report).ok_or("metadata.name: missing")?;
        report.subject.clone_from(&name);
        let namespace = metadata.text("namespace", report).unwrap_or_else(|| "default".to_owned());
        let mut spec = object.object("spec", report);
        let mut template = spec.object("jobTemplate", report);
        let mut run = template.object("spec", report);

        let subject = Subject { name: &name, namespace: &namespace };
        let target = container::target(&self.options.container, &subject, &mut run, report)?;
        let mut job = ImportedJob::new(self.name(&name, &namespace, so_far), target);
        job.description = format!("CronJob {namespace}/{name}");
        job.tags.extend(tags(&mut metadata, report));
        self.when(&mut job, &mut spec, report)?;
        if run.truth("suspend")? == Some(true) {
            report.add_plain("spec.jobTemplate.spec.suspend: true", NoteKind::Changed, SUSPENDED_RUNS);
            job.paused = true;
        }
        how(&mut job, &mut run, report);

        run.rest(report, NoteKind::NotCarriedOver, UNKNOWN);
        template.rest(
            report,
            NoteKind::NotCarriedOver,
            "a run has no labels; the labels of the job become its tags",
        );
        spec.rest(report, NoteKind::NotCarriedOver, UNKNOWN);
        metadata.rest(report, NoteKind::NotCarriedOver, CLUSTERS_OWN);
        object.rest(report, NoteKind::NotCarriedOver, CLUSTERS_OWN);
        job.checked(self.now)
    }

    /// Name of a job. CronJobs of other namespaces may be imported at another time, and must have other
    /// names all the same.
    fn name(&self, name: &str, namespace: &str, so_far: &Translation<Target>) -> String {
        let taken = |name: &str| so_far.has(name);
        let short = format!("{}{name}", self.options.prefix);
        let long = format!("{}{namespace}.{name}", self.options.prefix);
        name::unique(if namespace == "default" { &short } else { &long }, &long, taken)
    }

    /// Translates when a run starts, and how it treats runs that are still going on.
    fn when(
        &self,
        job: &mut ImportedJob<Target>,
        spec: &mut Fields,
        report: &mut Report,
    ) -> Result<(), String> {
        let field = spec.take("schedule").ok_or("spec.schedule: missing")?;
        let (schedule, zone) = schedule::read(&field, report)?;
        job.schedule = schedule;
        let zone = spec.text("timeZone", report).or(zone).or_else(|| self.options.timezone.clone());
        job.timezone = zone.filter(|zone| !matches!(zone.as_str(), "UTC" | "Etc/UTC"));
        job.paused = spec.truth("suspend")? == Some(true);
        let deadline = spec.number("startingDeadlineSeconds", report);
        job.starting_deadline = deadline.map(|seconds| format!("{seconds}s"));
        policy::concurrency(job, spec, report);
        for name in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
            if let Some(field) = spec.take(name) {
                report.lost(&field, RETENTION);
            }
        }
        Ok(())
    }
}

/// Recognises text that Helm fills in. Commands may have braces of their own, in other templates.
fn is_templated(line: &str) -> bool {
    let line = line.trim_start();
    let openings =
        line.match_indices("{{").map(|(at, _)| line[at + 2..].trim_start_matches('-').trim_start());
    let mut openings = openings.peekable();
    let begins = line.starts_with("{{") && !line.starts_with("{{}");
    let of_helm = [
        ".Values",
        ".Release",
        ".Chart",
        ".Capabilities",
        ".Files",
        "include ",
        "template ",
        "toYaml",
        "tpl ",
    ];
    begins && openings.peek().is_some()
        || openings.any(|inside| of_helm.iter().any(|word| inside.starts_with(word)))
}

/// Translates how often a run is tried, and for how long.
fn how(job: &mut ImportedJob<Target>, run: &mut Fields, report: &mut Report) {
    let retries =
        at_most(1000, "spec.jobTemplate.spec.backoffLimit", run.number("backoffLimit", report), report);
    let retries = retries.unwrap_or(6) as u32;
    // A pod whose node died counts as a failed one.
    job.retry = Retry::new(retries, retries).growing("10s", "6m");
    let deadline = run.number("activeDeadlineSeconds", report);
    job.execution_timeout = deadline.map(|seconds| format!("{seconds}s"));
    let attempt = deadline.filter(|seconds| *seconds <= LONGEST_ATTEMPT_SECONDS);
    job.timeout = attempt.map_or_else(|| "7d".to_owned(), |seconds| format!("{seconds}s"));
    if let Some(field) = run.take("ttlSecondsAfterFinished") {
        report.lost(&field, RETENTION);
    }
    for name in ["parallelism", "completions"] {
        if let Some(field) = run.take(name).filter(|field| field.node.value() != 1) {
            report.lost(&field, "belfry runs it once for each slot");
        }
    }
    policy::pod_failures(job, run, report);
}

fn at_most(most: u64, path: &str, number: Option<u64>, report: &mut Report) -> Option<u64> {
    if let Some(number) = number.filter(|number| *number > most) {
        report.add_plain(
            &format!("{path}: {number}"),
            NoteKind::Changed,
            &format!("{most}, the most that belfry has"),
        );
    }
    number.map(|number| number.min(most))
}

/// Tags from labels.
fn tags(metadata: &mut Fields, report: &mut Report) -> Vec<(String, String)> {
    let Some(labels) = metadata.take("labels") else { return Vec::new() };
    let Content::Map(fields) = &labels.node.content else {
        report.lost(&labels, "is not an object");
        return Vec::new();
    };
    let mut tags = Vec::new();
    for (name, node) in fields {
        match text_of(node) {
            Some(text) => tags.push((name.clone(), text)),
            None => report.lost(&Field { path: format!("{}.{name}", labels.path), node }, "is not a text"),
        }
    }
    tags
}
