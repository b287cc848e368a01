//! A pod's container as a target.
//!
//! A container is an image, and Belfry runs none. So there is a choice:
//! - its command as a process of the worker's host, where the programs must be there (the default,
//!   because it needs nothing else; a container without a command can't be carried over so);
//! - through a container runtime on that host (`docker run --rm …`), which keeps the image;
//! - as a task on ECS, whose task definition names the image.

use std::collections::BTreeMap;

use belfry_domain::{CommandLine, CommandTarget, EcsLaunchType, EcsTarget, Target};

use crate::import::{
    NoteKind,
    fields::{Field, Fields, Report, text_of},
};

/// Who runs it.
#[derive(Debug, Clone, Default)]
pub enum Container {
    #[default]
    Process,
    /// A program whose `run` is docker's.
    Runtime(String),
    Ecs {
        cluster: String,
        subnets: Vec<String>,
    },
}

const PODS: &str = "belongs to the pod, and there is none";
const ELSEWHERE: &str =
    "its value is not in the manifest: the worker's own variable of this name is passed on";
const NOT_IN_TASK: &str = "its value is not in the manifest: give it to the task definition";
const IMAGE: &str =
    "not used: the command runs on the worker's host; --run-with docker or --ecs-cluster keeps the image";
const TASK: &str = "expected in a task definition of the CronJob's name, without an entry point of its own";

/// The parts of a container that every way of running it needs.
struct Parts {
    name: String,
    image: String,
    command: Vec<String>,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    /// Variables whose values are elsewhere.
    passed: Vec<String>,
    directory: Option<String>,
}

pub fn target(who: &Container, name: &str, run: &mut Fields, report: &mut Report) -> Result<Target, String> {
    let mut template = run.object("template", report);
    let mut pod = template.object("spec", report);
    let mut containers = pod.list("containers", report);
    if containers.is_empty() {
        return Err("spec.jobTemplate.spec.template.spec.containers: missing".to_owned());
    }
    let first = containers.remove(0);
    for other in containers.iter().chain(&pod.list("initContainers", report)) {
        report.lost(other, "belfry runs one container of a pod, the first");
    }
    let parts = parts(&first, who, report);
    // Both policies try again: `backoffLimit` says how often.
    let _ = pod.take("restartPolicy");
    pod.rest(report, NoteKind::NotCarriedOver, PODS);
    template.rest(report, NoteKind::NotCarriedOver, PODS);
    match who {
        Container::Process => process(parts),
        Container::Runtime(program) => Ok(with_runtime(program, parts)),
        Container::Ecs { cluster, subnets } => Ok(task(name, cluster, subnets, parts)),
    }
}

fn parts(container: &Field, who: &Container, report: &mut Report) -> Parts {
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
    let (environment, passed) = environment(&mut fields, who, report);
    let words = |field: Field| expand(&text_of(field.node).unwrap_or_default(), &environment);
    let command = fields.list("command", report).into_iter().map(words).collect();
    let arguments = fields.list("args", report).into_iter().map(words).collect();
    let directory = fields.take("workingDir");
    if let (Some(field), Container::Ecs { .. }) = (&directory, who) {
        report.lost(field, "the task definition says it");
    }
    fields.rest(report, NoteKind::NotCarriedOver, "belongs to the container, and there is none");
    Parts {
        name,
        image: image.and_then(|field| text_of(field.node)).unwrap_or_default(),
        command,
        arguments,
        environment,
        passed,
        directory: directory.and_then(|field| text_of(field.node)),
    }
}

fn environment(
    container: &mut Fields,
    who: &Container,
    report: &mut Report,
) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut known, mut passed) = (BTreeMap::new(), Vec::new());
    for variable in container.list("env", report) {
        let mut fields = Fields::of(&variable.path, variable.node);
        let name = fields.text("name", report).unwrap_or_default();
        if fields.take("valueFrom").is_none() {
            let value = fields.text("value", report).unwrap_or_default();
            known.insert(name, expand(&value, &known));
            continue;
        }
        let named = Field { path: format!("{}: {name}", variable.path), node: variable.node };
        if matches!(who, Container::Ecs { .. }) {
            report.lost(&named, NOT_IN_TASK);
        } else {
            report.changed(&named, ELSEWHERE);
            passed.push(name);
        }
    }
    for source in container.list("envFrom", report) {
        report.lost(&source, "its variables are not in the manifest; name them in pass_environment");
    }
    (known, passed)
}

/// `$(NAME)` stands for a variable that was given before, `$$` for a dollar sign; what is not known
/// stays, as in Kubernetes.
fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        let named = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        match named.and_then(|(name, behind)| Some((variables.get(name)?, behind))) {
            Some((value, behind)) => {
                out.push_str(value);
                rest = behind;
            }
            None => out.push('$'),
        }
    }
    out + rest
}

fn process(parts: Parts) -> Result<Target, String> {
    if parts.command.is_empty() {
        let image = parts.image;
        return Err(format!(
            "runs what image {image} runs by itself, which a manifest doesn't say: give it a command, or import it \
             with --run-with docker or --ecs-cluster"
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

/// Variables by name only, so that no value shows in a list of processes.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Kubernetes' page on commands and arguments.
    #[test]
    fn references_to_variables() {
        let variables = BTreeMap::from([("A".to_owned(), "x".to_owned())]);
        for (text, expanded) in
            [("$(A)-$(A)", "x-x"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A $(A", "$A $(A"), ("5$", "5$")]
        {
            assert_eq!(expand(text, &variables), expanded, "{text}");
        }
    }
}
