//! Ten thousand damaged inputs: every part of an input must be in a job or in the report.

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::Serialize;
use serde_json::Value;

use super::{Host, Note, NoteKind, airflow, celery, crontab, eventbridge, kubernetes, systemd, zone::Zone};
use crate::files::{self, Content, Node};

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const CRONTABS: [&str; 3] = [
    "# m h dom mon dow user command\nSHELL=/bin/sh\nMAILTO=root\nCRON_TZ=Asia/Tokyo\nRANDOM_DELAY=5\n17 *\t* * *\troot\tcd / && \
     run-parts --report /etc/cron.hourly\n\n@reboot alice /opt/agent\n5-55/10 * * * * root command -v sa1 > /dev/null && sa1 1 1\n\
     0 9 * * 1-5 alice mail -s x root%hello%world\\%\n",
    "A = 'b c'\n30 2 * * 1-5 /opt/backup.sh --to \"$A\"\n@daily /opt/x\n",
    "START_HOURS_RANGE=3-22\n1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n@monthly 15 cron.monthly x\n",
];
const TIMER: &str = "[Unit]\nDescription=Rotate\n# x\n[Timer]\nOnCalendar=Mon..Fri *-*-* 06,18:00:00 Europe/Berlin\n\
                     RandomizedDelaySec=1h 5min\nPersistent=true\nAccuracySec=1h\nOnUnitActiveSec=90\n[Install]\nWantedBy=timers.target\n";
const SERVICE: &str = "[Unit]\nAfter=network.target\n[Service]\nType=oneshot\nUser=alice\nEnvironment=A=1 \"B=x y\"\n\
                       ExecStartPre=-/bin/a \\\n  b\nExecStart=/usr/bin/rotate ${A} $B 'c d'\nNice=5\nTimeoutStartSec=1h\n";
const MANIFEST: &str = "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: report\n  namespace: shop\n  labels: {team: data}\n\
    spec:\n  schedule: '0 2 * * 1-5'\n  timeZone: Europe/Berlin\n  suspend: no\n  concurrencyPolicy: Forbid\n  \
    startingDeadlineSeconds: 200\n  failedJobsHistoryLimit: 3\n  jobTemplate:\n    spec:\n      backoffLimit: 2\n      \
    activeDeadlineSeconds: 600\n      template:\n        spec:\n          restartPolicy: Never\n          serviceAccountName: runner\n          \
    containers:\n          - name: report\n            image: reports:4.2\n            command: [report, --day]\n            \
    args: ['$(DAY)', all]\n            workingDir: /srv\n            env:\n            - {name: DAY, value: monday}\n            \
    - {name: PASS, valueFrom: {secretKeyRef: {name: s, key: k}}}\n            resources: {limits: {cpu: 500m}}\n          \
    - {name: proxy, image: envoy}\n";
const SCHEDULE: &str = r#"{
  "Name": "report", "GroupName": "shop", "Description": "every night", "State": "ENABLED",
  "ScheduleExpression": "cron(0 2 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin",
  "StartDate": "2027-01-01T00:00:00Z", "EndDate": "2030-01-01T00:00:00+01:00",
  "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
  "Target": {
    "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/batch", "RoleArn": "arn:aws:iam::1:role/r",
    "Input": "{\"containerOverrides\": [{\"name\": \"main\", \"command\": [\"x\"]}]}",
    "RetryPolicy": {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 3600},
    "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:1:dead"},
    "EcsParameters": {"TaskDefinitionArn": "td:3", "LaunchType": "FARGATE", "TaskCount": 1,
      "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "ENABLED"}}}
  },
  "KmsKeyArn": "arn:aws:kms:eu-west-1:1:key/k"
}"#;
const PYTHON: &str = "from celery.schedules import crontab\napp.conf.timezone = 'Europe/Berlin'\nbeat_schedule = {\n  'add': {'task': 't.add', \
    'schedule': crontab(hour=7, day_of_week='mon'), 'args': (1, \"é\")},\n  'half': {'task': 't', 'schedule': timedelta(hours=1) * 2},\n}\n\
    with DAG('a', schedule='0 5 * * *', start_date=pendulum.datetime(2026, 1, 1, tz='UTC')) as dag:\n  pass\n";
/// Pieces of text that have a meaning in some format.
const PIECES: [&str; 34] = [
    "\0",
    "\u{feff}",
    "\u{a0}",
    "\r",
    "\n",
    "\t",
    "%",
    "\\",
    "'",
    "\"",
    "=",
    "#",
    "*",
    "?",
    "~",
    "/",
    "-1",
    "99",
    "yes",
    "null",
    "@every 5m",
    "@reboot",
    "rate(1 hours)",
    "$(PASS)",
    "${A}",
    "{{ .Values.x }}",
    "---\n",
    "- ",
    ": ",
    "[",
    "}",
    "+",
    "é",
    ",",
];
/// Fields that a job expresses in other words, or not at all because Belfry has only one way.
const IN_OTHER_WORDS: [&str; 21] = [
    "apiVersion",
    "kind",
    "restartPolicy",
    "schedule",
    "timeZone",
    "suspend",
    "concurrencyPolicy",
    "namespace",
    "State",
    "Mode",
    "StartDate",
    "EndDate",
    "Arn",
    "Input",
    "LaunchType",
    "AssignPublicIp",
    "GroupName",
    "ScheduleExpressionTimezone",
    "TaskCount",
    "workingDir",
    "value",
];

/// Names that are in the report, whatever it is about.
const AROUND: [&str; 7] =
    ["spec", "jobTemplate", "template", "metadata", "Target", "containers", "containers[0]"];

fn host() -> Host {
    let homes: BTreeMap<String, String> = [("root", "/root"), ("alice", "/home/alice")]
        .map(|(user, home)| (user.to_owned(), home.to_owned()))
        .into();
    let (path, timezone) = ("/usr/bin:/bin".to_owned(), Ok(Zone::new("UTC", "a test")));
    Host { user: "root".to_owned(), homes, programs: BTreeSet::new(), path, timezone }
}

/// Damages a text by a few changes of bytes, words and lines.
fn damage(random: &mut StdRng, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=bytes.len());
        let end = (at + random.random_range(0..12)).min(bytes.len());
        let piece = PIECES[random.random_range(0..PIECES.len())].as_bytes().to_vec();
        match random.random_range(0..6) {
            0 => drop(bytes.splice(at..at, piece)),
            1 => drop(bytes.splice(at..end, piece)),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, [random.random::<u8>()])),
            4 => bytes = with_a_line_moved(random, &bytes),
            _ => drop(bytes.splice(at..at, b"\nsurprise: 7\n".to_vec())),
        }
    }
    bytes
}

fn with_a_line_moved(random: &mut StdRng, bytes: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let line = lines.remove(random.random_range(0..lines.len()));
    lines.insert(random.random_range(0..=lines.len()), line);
    lines.join(&b'\n')
}

/// Numbers of the lines with content. A line that is continued counts once, with its continuations.
fn lines_of(bytes: &[u8], go_on: bool) -> Vec<usize> {
    let mut numbers = Vec::new();
    let mut goes_on = false;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_matches(['\r', ' ', '\t']).trim_start_matches('\u{feff}');
        if !text.is_empty() && !goes_on {
            numbers.push(index + 1);
        }
        let is_comment = text.starts_with(['#', ';']);
        goes_on = go_on && text.ends_with('\\') && (goes_on || !is_comment);
    }
    numbers
}

fn assert_each_line_is_told(bytes: &[u8], file: &str, notes: &[Note], go_on: bool) {
    let of_file = || notes.iter().filter(|note| note.file == file);
    if of_file().any(|note| note.line == 0 && note.kind == NoteKind::Ignored) {
        return;
    }
    let told: BTreeSet<usize> = of_file().map(|note| note.line).collect();
    for number in lines_of(bytes, go_on) {
        let text = String::from_utf8_lossy(bytes);
        assert!(told.contains(&number), "line {number} of {file} is nowhere: {text:?}\n{notes:#?}");
    }
}

#[test]
fn each_line_of_a_damaged_crontab_is_in_a_job_or_in_the_report() {
    let mut random = StdRng::seed_from_u64(20_261_130);
    let host = host();
    let options = crontab::Options::default();
    let import = crontab::Import { host: &host, options: &options, now: NOW };
    for round in 0..4000 {
        let file = ["etc/cron.d/x", "tab", "etc/anacrontab"][round % 3];
        let bytes = damage(&mut random, CRONTABS[round % 3]);
        let mut translation = super::Translation::default();
        import.add(&mut translation, file, &bytes);
        assert_each_line_is_told(&bytes, file, &translation.notes, false);
        let jobs =
            translation.notes.iter().filter(|note| note.kind == NoteKind::CarriedOver && note.job.is_some());
        assert_eq!(jobs.count(), translation.jobs.len());
    }
}

#[test]
fn each_line_of_a_damaged_timer_is_in_a_job_or_in_the_report() {
    let mut random = StdRng::seed_from_u64(20_261_201);
    let host = host();
    let options = systemd::Options::default();
    let import = systemd::Import { host: &host, options: &options, now: NOW };
    for round in 0..2000 {
        let seeds = [("a.timer", TIMER), ("a.service", SERVICE)];
        let texts = seeds.iter().enumerate().map(|(index, (name, text))| {
            let bytes = if round % 2 == index { damage(&mut random, text) } else { text.as_bytes().to_vec() };
            (*name, String::from_utf8_lossy(&bytes).into_owned())
        });
        let texts: Vec<(&str, String)> = texts.collect();
        let file = |(name, text): &(&str, String)| systemd::File {
            name: (*name).to_owned(),
            unit: (*name).to_owned(),
            text: text.clone(),
        };
        let files = systemd::Files { files: texts.iter().map(file).collect(), enabled: None };
        let mut translation = super::Translation::default();
        import.add(&mut translation, &files);
        for (name, text) in &texts {
            assert_each_line_is_told(text.as_bytes(), name, &translation.notes, true);
        }
    }
}

/// Appends all texts of a value, one after another.
fn texts(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            out.push_str(name);
            out.push('\n');
            texts(value, out);
        }),
        Value::String(text) => out.push_str(text),
        other => out.push_str(&other.to_string()),
    }
    out.push('\n');
}

/// Checks that each value of a definition that became a job is in the job or the report, by itself or
/// by the name of its parent.
fn assert_each_value_is_told<T: Serialize>(node: &Node, translation: &super::Translation<T>, text: &str) {
    let mut jobs = String::new();
    texts(&serde_json::to_value(&translation.jobs).unwrap(), &mut jobs);
    let mut report = String::new();
    let told = |note: &&Note| matches!(note.kind, NoteKind::Changed | NoteKind::NotCarriedOver);
    for note in translation.notes.iter().filter(told) {
        report.extend([&*note.text, " ", &*note.reason, "\n"]);
    }
    let is_told = |path: &[String], value: &str| {
        let key = path.last().map_or("", String::as_str);
        let is_in_job = value.is_empty() || value.contains('$') || jobs.contains(value.trim());
        // A list that is named is told as a whole, one of its items is not.
        let is_named = |name: &str| {
            report.match_indices(name).any(|(at, _)| !report[at + name.len()..].starts_with('['))
        };
        let name = |name: &String| !AROUND.contains(&name.as_str()) && is_named(name);
        is_in_job || IN_OTHER_WORDS.contains(&key) || report.contains(value) || path.iter().any(name)
    };
    for (path, value) in leaves(node) {
        assert!(is_told(&path, &value), "{path:?} = {value:?} is nowhere: {text}\n{jobs}\n{report}");
    }
}

/// Values of a tree, each with the names on the way to it.
fn leaves(node: &Node) -> Vec<(Vec<String>, String)> {
    let below = |name: String, node: &Node| {
        leaves(node).into_iter().map(move |(path, value)| ([vec![name.clone()], path].concat(), value))
    };
    match &node.content {
        Content::Scalar(Value::Null) => vec![],
        Content::Scalar(Value::String(text)) => vec![(vec![], text.clone())],
        Content::Scalar(value) => vec![(vec![], value.to_string())],
        Content::List(items) => items.iter().flat_map(leaves).collect(),
        Content::Map(fields) => {
            let of_field = |(name, node): &(String, Node)| match &node.content {
                Content::List(items) => {
                    let items = items.iter().enumerate();
                    let items = items.flat_map(|(index, item)| below(format!("{name}[{index}]"), item));
                    items
                        .map(|(path, value)| ([vec![name.clone()], path].concat(), value))
                        .collect::<Vec<_>>()
                }
                _ => below(name.clone(), node).collect(),
            };
            fields.iter().flat_map(of_field).collect()
        }
    }
}

fn assert_told<T: Serialize>(text: &str, translation: &super::Translation<T>) {
    let documents = files::documents("f", text).unwrap_or_default();
    let said: Vec<&Node> =
        documents.iter().filter(|node| node.content != Content::Scalar(Value::Null)).collect();
    let lost = translation.notes.iter().filter(|note| note.kind == NoteKind::NotCarriedOver).count();
    assert!(translation.jobs.len() + lost >= said.len(), "{text}\n{:#?}", translation.notes);
    if let ([node], 1) = (&said[..], translation.jobs.len()) {
        assert_each_value_is_told(node, translation, text);
    }
}

#[test]
fn each_value_of_a_damaged_manifest_is_in_a_job_or_in_the_report() {
    let mut random = StdRng::seed_from_u64(20_261_202);
    let options = kubernetes::Options::default();
    let import = kubernetes::Import { options: &options, now: NOW };
    let mut jobs = 0;
    for _ in 0..2000 {
        let text = String::from_utf8_lossy(&damage(&mut random, MANIFEST)).into_owned();
        let mut translation = super::Translation::default();
        if import.add(&mut translation, "f", &text).is_ok() {
            assert_told(&text, &translation);
            jobs += translation.jobs.len();
        }
    }
    assert!(jobs > 200, "{jobs} of them became jobs");
}

#[test]
fn each_value_of_a_damaged_schedule_is_in_a_job_or_in_the_report() {
    let mut random = StdRng::seed_from_u64(20_261_203);
    let options = eventbridge::Options::default();
    let mut jobs = 0;
    for _ in 0..2000 {
        let text = String::from_utf8_lossy(&damage(&mut random, SCHEDULE)).into_owned();
        let mut translation = super::Translation::default();
        let mut import = eventbridge::Import::new(&options, NOW);
        if import.add(&mut translation, "f", &text).is_ok() {
            import.finish(&mut translation);
            assert_told(&text, &translation);
            jobs += translation.jobs.len();
        }
    }
    assert!(jobs > 200, "{jobs} of them became jobs");
}

#[test]
fn each_damaged_python_file_has_something_said_of_it() {
    let mut random = StdRng::seed_from_u64(20_261_204);
    let of_beat = celery::Options::default();
    let beat = celery::Import { options: &of_beat, now: NOW };
    let of_dags = airflow::Options::default();
    let dags = airflow::Import { options: &of_dags, now: NOW };
    for _ in 0..1000 {
        let text = String::from_utf8_lossy(&damage(&mut random, PYTHON)).into_owned();
        let mut translation = super::Translation::default();
        beat.add(&mut translation, "celery.py", &text);
        dags.add(&mut translation, "dag.py", &text);
        for file in ["celery.py", "dag.py"] {
            assert!(translation.notes.iter().any(|note| note.file == file), "{text}");
        }
    }
}
