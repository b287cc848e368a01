//! Targets for a pod's container.
//!
//! A container is an image, and Belfry runs none. So there is a choice:
//! - its command as a process on the worker's host, which must have the programs (the default, because
//!   it needs nothing else; a container without a command can't be carried over so);
//! - through a container runtime on that host (`docker run --rm …`), which keeps the image;
//! - as a task on ECS, whose task definition names the image.

use std::collections::BTreeMap;

use belfry_domain::{CommandLine, CommandTarget, EcsLaunchType, EcsTarget, Target};

use super::{Container, environment::Environment};
use crate::import::{
    NoteKind,
    fields::{Field, Fields, Report, text_of},
};

const PODS: &str = "is a setting of the pod, and belfry runs no pod";
const IMAGE: &str = "not used: the command runs on the worker's host; give --run-with docker or --ecs-cluster to use the image";
const TASK: &str = "expected in a task definition with the name of the CronJob, without its own entry point";
const INIT: &str =
    "runs before the container, and belfry runs one container of a pod; move this work into the command";
const HELPER: &str = "runs beside the container, and belfry runs one container of a pod";
const DEFAULT: &str = "kubectl.kubernetes.io/default-container";
/// Parts of the names or images of containers that only serve the working one.
const SIDECARS: [&str; 14] = [
    "istio-proxy",
    "linkerd-proxy",
    "envoy",
    "cloud-sql-proxy",
    "cloudsql-proxy",
    "cloudsql-docker",
    "vault-agent",
    "consul",
    "fluent-bit",
    "fluentd",
    "filebeat",
    "datadog",
    "otel",
    "opentelemetry",
];

/// Parts of a container that every way of running it needs.
struct Parts {
    name: String,
    image: String,
    command: Vec<String>,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    /// Variables whose values are not in the manifest.
    passed: Vec<String>,
    directory: Option<String>,
}

/// CronJob that a container belongs to.
pub struct Subject<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
}

pub fn target(
    who: &Container,
    subject: &Subject,
    run: &mut Fields,
    report: &mut Report,
) -> Result<Target, String> {
    let mut template = run.object("template", report);
    let default = template.take("metadata").and_then(|field| default_container(&field, report));
    let mut pod = template.object("spec", report);
    let mut containers = pod.list("containers", report);
    if containers.is_empty() {
        return Err("spec.jobTemplate.spec.template.spec.containers: missing".to_owned());
    }
    let chosen = containers.remove(choose(&containers, default.as_deref(), subject.name));
    if !containers.is_empty() {
        let name = named(&chosen).unwrap_or_default();
        report.changed(
            &chosen,
            &format!("container {name} becomes the job; belfry runs one container of a pod"),
        );
    }
    for other in &containers {
        report.lost(&of_name(other), HELPER);
    }
    for other in pod.list("initContainers", report) {
        report.lost(&of_name(&other), INIT);
    }
    let parts = parts(&chosen, who, subject.namespace, report)?;
    // Both policies try again: `backoffLimit` says how often.
    let _ = pod.take("restartPolicy");
    pod.rest(report, NoteKind::NotCarriedOver, PODS);
    template.rest(report, NoteKind::NotCarriedOver, PODS);
    match who {
        Container::Process => process(parts),
        Container::Runtime(program) => Ok(with_runtime(program, parts)),
        Container::Ecs { cluster, subnets } => Ok(task(subject.name, cluster, subnets, parts)),
    }
}

fn default_container(metadata: &Field, report: &mut Report) -> Option<String> {
    let mut fields = Fields::of(&metadata.path, metadata.node);
    let mut annotations = fields.object("annotations", report);
    let default = annotations.text(DEFAULT, report);
    annotations.rest(report, NoteKind::NotCarriedOver, PODS);
    fields.rest(report, NoteKind::NotCarriedOver, PODS);
    default
}

fn named(container: &Field) -> Option<String> {
    container.node.get("name").and_then(text_of)
}

/// Container under its name, for the report.
fn of_name<'a>(container: &Field<'a>) -> Field<'a> {
    let name = named(container).unwrap_or_else(|| container.node.value().to_string());
    Field { path: format!("{}: {name}", container.path), node: container.node }
}

/// Index of the working container: the one in the pod's annotation, then the one with the CronJob's
/// name, then the first that is not known as a sidecar.
fn choose(containers: &[Field], default: Option<&str>, cron_job: &str) -> usize {
    let by_name =
        |name: &str| containers.iter().position(|container| named(container).as_deref() == Some(name));
    let is_sidecar = |container: &&Field| {
        let image = container.node.get("image").and_then(text_of).unwrap_or_default();
        let name = named(container).unwrap_or_default();
        SIDECARS.iter().any(|sidecar| name.contains(sidecar) || image.contains(sidecar))
    };
    let working = || containers.iter().position(|container| !is_sidecar(&container));
    default.and_then(by_name).or_else(|| by_name(cron_job)).or_else(working).unwrap_or(0)
}

fn parts(container: &Field, who: &Container, namespace: &str, report: &mut Report) -> Result<Parts, String> {
    let mut fields = Fields::of(&container.path, container.node);
    let name = fields.text("name", report).unwrap_or_else(|| "main".to_owned());
    let image = fields.take("image");
    if let Some(field) = &image {
        match who {
            Container::Process => report.changed(field, IMAGE),
            Container::Runtime(_) => {}
            Container::Ecs { .. } => report.changed(field, TASK),
        }
    }
    let environment = Environment::read(&mut fields, who, namespace, report)?;
    let mut words = |name: &str| {
        let items = fields.list(name, report);
        items.iter().map(|item| environment.word(item)).collect::<Result<Vec<_>, _>>()
    };
    let (command, arguments) = (words("command")?, words("args")?);
    let directory = fields.take("workingDir");
    if let (Some(field), Container::Ecs { .. }) = (&directory, who) {
        report.lost(field, "is set in the task definition");
    }
    fields.rest(
        report,
        NoteKind::NotCarriedOver,
        "is a setting of the container, and belfry runs no container",
    );
    let Environment { known, passed, .. } = environment;
    Ok(Parts {
        name,
        image: image.and_then(|field| text_of(field.node)).unwrap_or_default(),
        command,
        arguments,
        environment: known,
        passed,
        directory: directory.and_then(|field| text_of(field.node)),
    })
}

fn process(parts: Parts) -> Result<Target, String> {
    if parts.command.is_empty() {
        let image = parts.image;
        return Err(format!(
            "runs the default command of image {image}, which the manifest does not contain; set a command, or \
             import with --run-with docker or --ecs-cluster"
        ));
    }
    Ok(Target::Command(CommandTarget {
        command: CommandLine::Arguments([parts.command, parts.arguments].concat()),
        working_directory: parts.directory,
        environment: parts.environment,
        pass_environment: parts.passed,
        final_exit_codes: Vec::new(),
    }))
}

/// Target that runs a container through a runtime. Variables are passed by name only, so that no value
/// shows in a list of processes.
fn with_runtime(program: &str, parts: Parts) -> Target {
    let mut words: Vec<String> = [program, "run", "--rm", "--init"].map(str::to_owned).to_vec();
    let told = ["BELFRY_EXECUTION_ID", "BELFRY_ATTEMPT"].map(str::to_owned);
    for name in parts.environment.keys().chain(&parts.passed).chain(&told) {
        words.extend(["--env".to_owned(), name.clone()]);
    }
    if let Some(directory) = parts.directory {
        words.extend(["--workdir".to_owned(), directory]);
    }
    let mut command = parts.command.into_iter();
    if let Some(entry_point) = command.next() {
        words.extend(["--entrypoint".to_owned(), entry_point]);
    }
    words.push(parts.image);
    words.extend(command.chain(parts.arguments));
    Target::Command(CommandTarget {
        command: CommandLine::Arguments(words),
        working_directory: None,
        environment: parts.environment,
        pass_environment: parts.passed,
        final_exit_codes: Vec::new(),
    })
}

fn task(name: &str, cluster: &str, subnets: &[String], parts: Parts) -> Target {
    Target::Ecs(EcsTarget {
        cluster: cluster.to_owned(),
        task_definition: name.to_owned(),
        container: parts.name,
        command: [parts.command, parts.arguments].concat(),
        environment: parts.environment,
        launch_type: if subnets.is_empty() { EcsLaunchType::Ec2 } else { EcsLaunchType::Fargate },
        subnets: subnets.to_vec(),
        security_groups: Vec::new(),
        assign_public_ip: false,
    })
}
