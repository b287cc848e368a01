use belfry_domain::{CommandLine, Target, Timestamp};

use super::{Container, Import, Options};
use crate::import::{
    ImportedJob, NoteKind, Translation,
    report::tests::{losses, shown},
};

fn import(options: &Options, file: &str, text: &str) -> Translation<Target> {
    let import = Import { options, now: Timestamp(1_795_000_000_000) };
    let mut translation = Translation::default();
    import.add(&mut translation, file, text).unwrap();
    translation
}

fn examples(options: &Options) -> Translation<Target> {
    let import = Import { options, now: Timestamp(1_795_000_000_000) };
    let mut translation = Translation::default();
    for file in ["cronjobs.yaml", "list.json"] {
        let path = format!("{}/../examples/kubernetes/{file}", env!("CARGO_MANIFEST_DIR"));
        import.add(&mut translation, file, &std::fs::read_to_string(path).unwrap()).unwrap();
    }
    translation
}

fn cron_job(spec: &str, container: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: a}}\nspec:\n  schedule: '@daily'\n{spec}\n  \
         jobTemplate: {{spec: {{backoffLimit: 0, template: {{spec: {{containers: [{container}]}}}}}}}}\n"
    )
}

fn one(spec: &str) -> (ImportedJob<Target>, Translation<Target>) {
    let text = cron_job(spec, "{name: c, command: [x]}");
    let mut translation = import(&Options::default(), "f.yaml", &text);
    (translation.jobs.remove(0), translation)
}

fn words(job: &ImportedJob<Target>) -> String {
    match &job.target {
        Target::Command(command) => match &command.command {
            CommandLine::Arguments(words) => words.join(" "),
            CommandLine::Shell(text) => text.clone(),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_examples_as_processes() {
    insta::assert_snapshot!(shown(&examples(&Options::default())));
}

#[test]
fn the_examples_through_a_container_runtime() {
    let options = Options { container: Container::Runtime("podman".to_owned()), ..Options::default() };
    let translation = examples(&options);
    let commands: Vec<String> =
        translation.jobs.iter().map(|job| format!("{}: {}", job.job_id, words(job))).collect();
    insta::assert_snapshot!(commands.join("\n"));
}

#[test]
fn the_examples_as_tasks_on_ecs() {
    let container = Container::Ecs { cluster: "batch".to_owned(), subnets: vec!["subnet-1".to_owned()] };
    let translation = examples(&Options { container, prefix: "k8s-".to_owned(), ..Options::default() });
    let first = crate::files::to_yaml_in_lines(&translation.jobs[..1]).unwrap();
    insta::assert_snapshot!(first);
}

/// Checks the rules of <https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/>: a
/// deadline counts from the slot; of missed slots the last one starts, where the deadline allows it; a
/// suspended CronJob starts nothing, and its slots count as missed.
#[test]
fn deadlines_missed_slots_and_suspension() {
    for (spec, deadline, paused) in [
        ("", None, false),
        ("  startingDeadlineSeconds: 200", Some("200s"), false),
        ("  suspend: true", None, true),
        ("  suspend: false", None, false),
    ] {
        let (job, rest) = one(spec);
        assert_eq!((job.starting_deadline.as_deref(), job.paused, job.misfire), (deadline, paused, "latest"));
        assert!(losses(&rest).is_empty(), "{:?}", rest.notes);
    }
}

/// Checks the policies of
/// <https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy>.
#[test]
fn concurrency_policies() {
    for (policy, concurrency) in [("Allow", None), ("Forbid", Some("forbid")), ("Replace", Some("replace"))] {
        let (job, rest) = one(&format!("  concurrencyPolicy: {policy}"));
        assert_eq!(job.concurrency, concurrency);
        assert!(losses(&rest).is_empty(), "{:?}", rest.notes);
    }
    assert!(
        losses(&one("  concurrencyPolicy: Queue").1)[0].reason.contains("is not Allow, Forbid or Replace")
    );
}

#[test]
fn zones_come_from_the_manifest_before_the_option() {
    let options = Options { timezone: Some("Asia/Tokyo".to_owned()), ..Options::default() };
    let zone = |spec: &str| {
        import(&options, "f", &cron_job(spec, "{name: c, command: [x]}")).jobs.remove(0).timezone
    };
    assert_eq!(zone("").as_deref(), Some("Asia/Tokyo"));
    assert_eq!(zone("  timeZone: Europe/Berlin").as_deref(), Some("Europe/Berlin"));
    assert_eq!(zone("  timeZone: Etc/UTC"), None);
}

#[test]
fn what_is_wrong_is_listed_with_its_line() {
    for (text, line, reason) in [
        ("kind: CronJob\nspec: {}\n", 1, "metadata.name: missing"),
        (&cron_job("  timeZone: Mars/Base", "{name: c, command: [x]}"), 1, "Mars/Base"),
        (&cron_job("", ""), 1, "containers: missing"),
        (&cron_job("  startingDeadlineSeconds: soon", "{name: c, command: [x]}"), 6, "is not a whole number"),
        (&cron_job("  surprise: 7", "{name: c, command: [x]}"), 6, "no such setting"),
        ("kind: Pod\n", 1, "is not a CronJob"),
        ("- 7\n", 1, "is not a CronJob"),
    ] {
        let translation = import(&Options::default(), "f.yaml", text);
        let note =
            losses(&translation).into_iter().last().unwrap_or_else(|| panic!("{text}: nothing is said"));
        assert_eq!((note.line, note.kind), (line, NoteKind::NotCarriedOver), "{note:?}");
        assert!(note.reason.contains(reason), "{note:?}");
    }
}

#[test]
fn equal_names_stay_apart() {
    let manifest = |namespace: &str| {
        cron_job("", "{name: c, command: [x]}")
            .replace("name: a}", &format!("name: a, namespace: {namespace}}}"))
    };
    let text = ["one", "two", "two"].map(manifest).join("---\n");
    let names: Vec<String> =
        import(&Options::default(), "f", &text).jobs.into_iter().map(|job| job.job_id).collect();
    assert_eq!(names[..2], ["one.a", "two.a"]);
    assert!(names[2].starts_with("two.a-"), "{names:?}");
}
