//! Imports never do silently what the other scheduler would not do.

use crate::support::imports::{Files, Imported, import};
use serde_json::Value;

/// Debian's cron(8): names in cron.d are letters, digits, underscores and hyphens; all others are ignored.
#[test]
fn files_that_cron_ignores_stay_switched_off() {
    let line = b"* * * * * root /opt/x\n".as_slice();
    let names = ["off.disabled", "old.dpkg-old", "new.dpkg-dist", "backup~", ".placeholder", "x.sh"]
        .map(|name| format!("cron.d/{name}"));
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), line)).collect();
    files.push(("cron.d/on", line));
    let imported = Files::new(&files).import("crontab", &["--as", "root"]);
    assert_eq!(imported.job()["job_id"], "on-x");
    for name in &names {
        imported.assert_says("ignored", &[name, "letters, digits"]);
    }
}

#[test]
fn no_account_becomes_a_part_of_a_command() {
    let text = "* * * * * ghost-of-another-host /opt/a\n* * * * * root /opt/b\n";
    let imported = import("crontab", &["--as", "root"], "copied-tab", text);
    assert!(!imported.command(0).contains("-c ghost-of"), "{:#}", imported.0);
    imported.assert_says("file", &["copied-tab", "user column"]);
    let alone =
        import("crontab", &["--as", "root"], "copied-tab", "* * * * * ghost-of-another-host /opt/a\n");
    assert_eq!(alone.jobs().len(), 0, "{:#}", alone.0);
    alone.assert_says("not_carried_over", &["--system", "--user"]);
    let told = import("crontab", &["--as", "root", "--user"], "copied-tab", "* * * * * root /opt/a\n");
    assert!(told.command(0).ends_with("-c root /opt/a"), "{:#}", told.0);
    let mixed =
        import("crontab", &["--as", "root"], "copied-tab", "* * * * * root /a\n* * * * * test -e /b\n");
    assert_eq!(mixed.jobs().len(), 0, "{:#}", mixed.0);
    let spool =
        import("crontab", &["--as", "root"], "spool/cron/crontabs/www-data", "* * * * * root /opt/a\n");
    assert_eq!(spool.command(0), "runuser -u www-data -- /bin/sh -c root /opt/a");
}

#[test]
fn the_zone_is_the_one_that_cron_would_take() {
    let files = Files::new(&[("cron.d/x", b"0 9 * * * root /x\n")]);
    let zone = |tz: &str| {
        let run = files.run("crontab", &["--as", "root"], &[("TZ", tz)]);
        Imported(run.json())
    };
    for tz in ["Asia/Tokyo", ":Asia/Tokyo", "/usr/share/zoneinfo/Asia/Tokyo"] {
        let imported = zone(tz);
        assert_eq!(imported.job()["timezone"], "Asia/Tokyo", "{tz}");
        imported.assert_says("file", &["Asia/Tokyo", "TZ"]);
    }
    for tz in ["JST-9", "Mars/Olympus", "CET-1CEST,M3.5.0,M10.5.0/3"] {
        let imported = zone(tz);
        assert_eq!(imported.jobs().len(), 0, "{tz}: {:#}", imported.0);
        imported.assert_says("not_carried_over", &[tz, "--timezone"]);
    }
}

#[test]
fn exit_codes_of_a_crontab_are_recorded_unless_somebody_asks_for_more() {
    let text = "* * * * * root [ -x /nowhere ] && /nowhere\n";
    let imported = import("crontab", &["--as", "root"], "cron.d/guard", text);
    assert_eq!(imported.job()["on_failure"], "record");
    assert_eq!(imported.job()["retry"]["max_retries"], 0);
    imported.assert_says("file", &["exit code", "on_failure: record", "--alert-on-failure"]);
    let loud = import("crontab", &["--as", "root", "--alert-on-failure"], "cron.d/guard", text);
    assert_eq!(loud.job()["on_failure"], Value::Null);
    loud.assert_says("file", &["exit code", "dead letter"]);
}

#[test]
fn suspended_is_suspended_in_every_spelling() {
    let manifest = |suspend: &str, of_run: &str| {
        format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: a}}\nspec:\n  schedule: '@daily'\n  suspend: {suspend}\n  \
             jobTemplate: {{spec: {{{of_run}template: {{spec: {{containers: [{{name: c, command: [x]}}]}}}}}}}}\n"
        )
    };
    for (suspend, paused) in [
        ("yes", true),
        ("on", true),
        ("True", true),
        ("TRUE", true),
        ("y", true),
        ("Yes", true),
        ("no", false),
        ("Off", false),
        ("False", false),
        ("null", false),
    ] {
        let imported = import("kubernetes", &[], "a.yaml", &manifest(suspend, ""));
        assert_eq!(imported.job()["paused"] == true, paused, "{suspend}");
    }
    for nonsense in ["maybe", "1", "[]"] {
        let imported = import("kubernetes", &[], "a.yaml", &manifest(nonsense, ""));
        assert_eq!(imported.jobs().len(), 0, "{nonsense}: {:#}", imported.0);
        imported.assert_says("not_carried_over", &["suspend"]);
    }
    let run = import("kubernetes", &[], "a.yaml", &manifest("false", "suspend: true, "));
    assert_eq!(run.job()["paused"], true, "its Jobs are made suspended: {:#}", run.0);
}

#[test]
fn a_secret_in_a_command_is_refused_and_a_plain_value_put_in() {
    let manifest = |env: &str, words: &str| {
        format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: a, namespace: shop}}\nspec:\n  schedule: '@daily'\n  \
             jobTemplate: {{spec: {{template: {{spec: {{containers: [{{name: c, {env}command: [{words}]}}]}}}}}}}}\n"
        )
    };
    let secret = "env: [{name: HOST, value: db}, {name: PASS, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: URL, value: 'x://$(HOST)'}], ";
    let plain =
        import("kubernetes", &[], "a.yaml", &manifest(secret, "sh, -c, 'dump $(HOST) $(URL) $$(date)'"));
    assert_eq!(plain.command(0), "sh -c dump db x://db $(date)");
    assert_eq!(plain.job()["target"]["pass_environment"], serde_json::json!(["PASS"]));
    for (env, words, name) in [
        (secret, "sh, -c, 'dump -p$(PASS)'", "PASS"),
        (
            "env: [{name: PASS, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: URL, value: 'x://$(PASS)'}], ",
            "x",
            "PASS",
        ),
        ("envFrom: [{secretRef: {name: s}}], ", "sh, -c, 'dump -p$(PASS)'", "PASS"),
        (
            "env: [{name: POD, valueFrom: {fieldRef: {fieldPath: status.podIP}}}], ",
            "sh, -c, 'dump $(POD)'",
            "POD",
        ),
        ("", "sh, -c, 'curl $(DB_SERVICE_HOST)'", "DB_SERVICE_HOST"),
    ] {
        let imported = import("kubernetes", &["--run-with", "docker"], "a.yaml", &manifest(env, words));
        assert_eq!(imported.jobs().len(), 0, "{words}: {:#}", imported.0);
        imported.assert_says("not_carried_over", &[&format!("$({name})")]);
    }
    let field = "env: [{name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}], ";
    assert_eq!(import("kubernetes", &[], "a.yaml", &manifest(field, "x, $(NS)")).command(0), "x shop");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let text = b"# Latin-1: \xe9t\xe9\n0 1 * * * root cp /srv/caf\xe9 /b\n0 2 * * * root /ok\nA=\xff\n0 3 * * * root a\0b\n";
    let imported = Files::new(&[("cron.d/x", text)]).import("crontab", &["--as", "root"]);
    assert_eq!(imported.command(0), "/bin/sh -c /ok");
    assert_eq!(imported.jobs().len(), 1, "{:#}", imported.0);
    for (line, word) in [(2, "UTF-8"), (4, "UTF-8"), (5, "NUL")] {
        imported.assert_says("not_carried_over", &[&format!("\"line\":{line},"), word]);
    }
    let manifest = Files::new(&[("a.yaml", b"kind: CronJob\nmetadata: {name: caf\xe9}\n")]);
    let run = manifest.run("kubernetes", &[], &[]);
    assert!(run.code() == 1 && run.err().contains(":2") && run.err().contains("UTF-8"), "{}", run.err());
}

#[test]
fn what_is_not_read_is_named_for_what_it_is() {
    for (kind, name, text, words) in [
        ("crontab", "cron.d/x", "5~15 3 * * * root /x\n", &["~", "random"][..]),
        ("crontab", "cron.d/x", "0 0 12 ? * root /x\n", &["Quartz"]),
        (
            "kubernetes",
            "a.yaml",
            "kind: CronJob\nmetadata:\n  name: {{ .Release.Name }}\n",
            &["helm template"],
        ),
        ("kubernetes", "a.yaml", "{{- if .Values.on }}\nkind: CronJob\n{{- end }}\n", &["helm template"]),
        (
            "eventbridge",
            "r.json",
            r#"{"Name": "r", "Arn": "arn:aws:events:eu-west-1:1:rule/r", "ScheduleExpression": "rate(1 hour)", "State": "ENABLED", "EventBusName": "default"}"#,
            &["describe-rule", "list-targets-by-rule"],
        ),
        (
            "eventbridge",
            "r.json",
            r#"{"Rules": [{"Name": "r", "Arn": "arn:aws:events:eu-west-1:1:rule/r", "ScheduleExpression": "rate(1 hour)", "State": "ENABLED"}]}"#,
            &["list-rules", "list-targets-by-rule"],
        ),
        (
            "eventbridge",
            "r.json",
            r#"{"Name": "r", "Arn": "arn:aws:events:eu-west-1:1:rule/r", "EventPattern": "{}", "State": "ENABLED"}"#,
            &["event pattern"],
        ),
    ] {
        let imported = import(kind, if kind == "crontab" { &["--as", "root"] } else { &[] }, name, text);
        assert_eq!(imported.jobs().len(), 0, "{:#}", imported.0);
        imported.assert_says("not_carried_over", words);
    }
    let quartz = "kind: CronJob\nmetadata: {name: a}\nspec:\n  schedule: '0 0 12 * * ?'\n  jobTemplate: {spec: {template: {spec: {containers: [{name: c, command: [x]}]}}}}\n";
    let imported = import("kubernetes", &[], "a.yaml", quartz);
    assert_eq!(imported.jobs().len(), 0, "{:#}", imported.0);
    imported.assert_says("not_carried_over", &["Quartz"]);
    let marked = import("crontab", &["--as", "root"], "cron.d/x", "\u{feff}0 1 * * * root /x\n");
    assert_eq!(marked.command(0), "/bin/sh -c /x");
    marked.assert_says("changed", &["byte order mark"]);
    let anacron = import(
        "crontab",
        &["--as", "root"],
        "etc/anacrontab",
        "7 10 cron.weekly run-parts /etc/cron.weekly\n",
    );
    assert_eq!(
        (&anacron.job()["job_id"], &anacron.job()["misfire"]),
        (&"cron.weekly".into(), &"latest".into())
    );
}

#[test]
fn the_container_that_does_the_work_is_chosen_and_named() {
    let manifest = |annotations: &str, containers: &str| {
        format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: dump}}\nspec:\n  schedule: '@daily'\n  \
             jobTemplate: {{spec: {{template: {{metadata: {{annotations: {{{annotations}}}}}, spec: {{containers: [{containers}]}}}}}}}}\n"
        )
    };
    let proxy =
        "{name: cloud-sql-proxy, image: 'gcr.io/cloud-sql-connectors/cloud-sql-proxy:2', command: [proxy]}";
    let work = "{name: work, image: app, command: [dump]}";
    let other = "{name: other, image: app, command: [other]}";
    for (annotations, containers, chosen) in [
        ("", format!("{proxy}, {work}"), "dump"),
        ("kubectl.kubernetes.io/default-container: other", format!("{work}, {other}"), "other"),
        ("", "{name: other, command: [other]}, {name: dump, command: [main]}".to_owned(), "main"),
        ("", format!("{work}, {other}"), "dump"),
    ] {
        let imported = import("kubernetes", &[], "a.yaml", &manifest(annotations, &containers));
        assert_eq!(imported.command(0), chosen);
        imported.assert_says("changed", &["container", "becomes the job"]);
    }
}

#[test]
fn rates_in_both_spellings_count_from_their_start() {
    let schedule = |more: &str| {
        format!(
            r#"{{"Name": "a", "State": "ENABLED", "Target": {{"Arn": "arn:aws:sqs:eu-west-1:1:q"}}, {more}}}"#
        )
    };
    for rate in ["rate(1 hours)", "rate(1 hour)", "rate(1 minutes)", "rate(1 days)"] {
        let imported =
            import("eventbridge", &[], "a.json", &schedule(&format!(r#""ScheduleExpression": "{rate}""#)));
        assert_eq!(imported.job()["schedule"], rate);
        imported.assert_says("changed", &["epoch"]);
    }
    let anchored = r#""ScheduleExpression": "rate(14 days)", "StartDate": "2026-12-07T09:00:00+01:00", "EndDate": "2030-01-01T00:00:00Z""#;
    let imported = import("eventbridge", &[], "a.json", &schedule(anchored));
    assert_eq!(imported.job()["start"], "2026-12-07T08:00:00Z");
    assert_eq!(imported.job()["end"], "2030-01-01T00:00:00Z");
    assert!(!imported.says("changed", &["epoch"]), "{:#}", imported.0);
    let window = r#""ScheduleExpression": "cron(0 9 * * ? *)", "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30}"#;
    let imported = import("eventbridge", &[], "a.json", &schedule(window));
    assert_eq!(imported.job()["jitter"], "30m");
    imported.assert_says("changed", &["MaximumWindowInMinutes", "jitter"]);
    let state = schedule(r#""ScheduleExpression": "rate(1 hour)""#).replace("ENABLED", "disabled");
    assert_eq!(
        import("eventbridge", &[], "a.json", &state).jobs().len(),
        0,
        "a state that is none starts nothing"
    );
}
