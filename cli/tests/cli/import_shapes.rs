//! Definitions in published shapes: each becomes the right job, or the report names its loss.

use crate::support::imports::Files;

struct Shape {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Name, schedule, and a part of the definition as JSON.
    job: Option<(&'static str, &'static str, &'static str)>,
    /// Words of the report about losses and changes.
    told: &'static [&'static str],
}

fn check(kind: &str, options: &[&str], shapes: &[Shape]) {
    for Shape { name, files, job, told } in shapes {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let imported = Files::new(&files).import(kind, options);
        match job {
            Some((id, schedule, part)) => {
                let job = imported.job();
                assert_eq!(
                    (&job["job_id"], &job["schedule"]),
                    (&(*id).into(), &(*schedule).into()),
                    "{name}"
                );
                assert!(job.to_string().contains(part), "{name}: {part} is not in {job}");
            }
            None => assert_eq!(imported.jobs().len(), 0, "{name}: {:#}", imported.0),
        }
        for word in *told {
            let is_told = ["changed", "not_carried_over"].iter().any(|kind| imported.says(kind, &[word]));
            assert!(is_told, "{name}: {word} is not told: {:#}", imported.0);
        }
    }
}

#[test]
fn cron_jobs() {
    check(
        "kubernetes",
        &[],
        &[
            Shape {
                name: "the example of Kubernetes' own page",
                files: &[(
                    "a.yaml",
                    "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: hello\nspec:\n  schedule: \"* * * * *\"\n  jobTemplate:\n    \
                     spec:\n      template:\n        spec:\n          containers:\n          - name: hello\n            image: busybox:1.28\n            \
                     imagePullPolicy: IfNotPresent\n            command:\n            - /bin/sh\n            - -c\n            - date; echo \
                     Hello\n          restartPolicy: OnFailure\n",
                )],
                job: Some(("hello", "* * * * *", r#"["/bin/sh","-c","date; echo Hello"]"#)),
                told: &["busybox:1.28", "imagePullPolicy"],
            },
            Shape {
                name: "a dump of a database, its password in a secret that the shell reads",
                files: &[(
                    "a.yaml",
                    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: pg-dump, namespace: db}\nspec:\n  schedule: '30 2 * * *'\n  \
                     concurrencyPolicy: Forbid\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          \
                     containers:\n          - name: dump\n            image: postgres:16\n            command: [sh, -c, 'pg_dump -h $(HOST) > \
                     /backup/$(date +%F).sql']\n            env:\n            - {name: HOST, value: pg}\n            - name: PGPASSWORD\n              \
                     valueFrom: {secretKeyRef: {name: pg, key: password}}\n            volumeMounts: [{name: backup, mountPath: /backup}]\n          \
                     volumes: [{name: backup, persistentVolumeClaim: {claimName: backup}}]\n",
                )],
                job: Some(("db.pg-dump", "30 2 * * *", "pg_dump -h pg > /backup/$(date +%F).sql")),
                told: &["PGPASSWORD", "volumeMounts", "volumes"],
            },
            Shape {
                name: "one with the secret in an argument",
                files: &[(
                    "a.yaml",
                    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: sync}\nspec:\n  schedule: '@hourly'\n  jobTemplate:\n    spec:\n      \
                     template:\n        spec:\n          containers:\n          - name: sync\n            image: curl\n            command: [curl, -H, \
                     'Authorization: Bearer $(TOKEN)', 'https://example.com']\n            env:\n            - {name: TOKEN, valueFrom: {secretKeyRef: \
                     {name: t, key: t}}}\n",
                )],
                job: None,
                told: &["$(TOKEN)"],
            },
            Shape {
                name: "a job beside a proxy of a cloud's database",
                files: &[(
                    "a.yaml",
                    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: billing}\nspec:\n  schedule: '0 1 1 * *'\n  timeZone: \
                     Europe/Berlin\n  jobTemplate:\n    spec:\n      backoffLimit: 0\n      template:\n        spec:\n          containers:\n          \
                     - {name: cloud-sql-proxy, image: 'gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.1', args: [p]}\n          - {name: run, \
                     image: billing, command: [./bill, --month]}\n",
                )],
                job: Some(("billing", "0 1 1 * *", r#"["./bill","--month"]"#)),
                told: &["container run becomes the job", "cloud-sql-proxy"],
            },
            Shape {
                name: "a chart's template",
                files: &[(
                    "a.yaml",
                    "{{- if .Values.cron.enabled }}\napiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: {{ include \"app.fullname\" . \
                     }}\nspec:\n  schedule: {{ .Values.cron.schedule | quote }}\n{{- end }}\n",
                )],
                job: None,
                told: &["helm template"],
            },
            Shape {
                name: "Docker's own braces in a command are no chart's",
                files: &[(
                    "a.yaml",
                    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: prune}\nspec:\n  schedule: '0 4 * * 0'\n  suspend: Yes\n  jobTemplate:\n    \
                     spec:\n      template:\n        spec:\n          containers:\n          - {name: c, command: [docker, ps, --format, '{{.Names}}']}\n",
                )],
                job: Some(("prune", "0 4 * * 0", r#""paused":true"#)),
                told: &[],
            },
        ],
    );
}

#[test]
fn schedules_of_eventbridge() {
    check(
        "eventbridge",
        &["--ecs-container", "main"],
        &[
            Shape {
                name: "a function, by a rate",
                files: &[(
                    "a.json",
                    r#"{"ActionAfterCompletion": "NONE", "Arn": "arn:aws:scheduler:eu-west-1:1:schedule/default/poll", "CreationDate": 1700000000.1,
                    "FlexibleTimeWindow": {"Mode": "OFF"}, "GroupName": "default", "LastModificationDate": 1700000000.1, "Name": "poll",
                    "ScheduleExpression": "rate(1 hours)", "ScheduleExpressionTimezone": "UTC", "State": "ENABLED",
                    "Target": {"Arn": "arn:aws:lambda:eu-west-1:1:function:poll", "Input": "{}", "RetryPolicy": {"MaximumEventAgeInSeconds": 86400,
                    "MaximumRetryAttempts": 185}, "RoleArn": "arn:aws:iam::1:role/r"}}"#,
                )],
                job: Some(("poll", "rate(1 hours)", r#""invocation":"event""#)),
                told: &["epoch", "RoleArn"],
            },
            Shape {
                name: "a payroll every second week",
                files: &[(
                    "a.json",
                    r#"{"Name": "payroll", "State": "ENABLED", "ScheduleExpression": "rate(14 days)", "StartDate": "2026-12-07T09:00:00+01:00",
                    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10},
                    "Target": {"Arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:payroll", "Input": "{\"run\": \"<aws.scheduler.execution-id>\"}"}}"#,
                )],
                job: Some(("payroll", "rate(14 days)", r#""start":"2026-12-07T08:00:00Z""#)),
                told: &["<aws.scheduler", "jitter"],
            },
            Shape {
                name: "a task on Fargate",
                files: &[(
                    "a.json",
                    r#"{"Name": "nightly", "GroupName": "shop", "State": "DISABLED", "ScheduleExpression": "cron(0 2 ? * MON-FRI *)",
                    "ScheduleExpressionTimezone": "America/New_York", "Target": {"Arn": "arn:aws:ecs:us-east-1:1:cluster/c", "EcsParameters":
                    {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/n:3", "LaunchType": "FARGATE", "PlatformVersion": "LATEST",
                    "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "DISABLED"}}}}}"#,
                )],
                job: Some(("shop.nightly", "cron(0 2 ? * MON-FRI *)", r#""paused":true"#)),
                told: &["PlatformVersion"],
            },
            Shape {
                name: "a call of an API that belfry has no target for",
                files: &[(
                    "a.json",
                    r#"{"Name": "stop", "State": "ENABLED", "ScheduleExpression": "cron(0 20 * * ? *)", "Target": {"Arn":
                    "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance", "Input": "{\"DbInstanceIdentifier\": \"d\"}"}}"#,
                )],
                job: None,
                told: &["rds:stopDBInstance"],
            },
            Shape {
                name: "once, and gone then",
                files: &[(
                    "a.json",
                    r#"{"Name": "once", "State": "ENABLED", "ScheduleExpression": "at(2099-01-01T00:00:00)", "ActionAfterCompletion": "DELETE",
                    "Target": {"Arn": "arn:aws:sqs:eu-west-1:1:q.fifo", "SqsParameters": {"MessageGroupId": "g"}, "Input": "{\"a\": 1}"}}"#,
                )],
                job: Some(("once", "at(2099-01-01T00:00:00)", r#""message_group":"g""#)),
                told: &["ActionAfterCompletion"],
            },
        ],
    );
}

#[test]
fn timers_of_systemd() {
    check(
        "systemd",
        &["--as", "root", "--timezone", "UTC"],
        &[
            Shape {
                name: "certbot's",
                files: &[
                    (
                        "certbot.timer",
                        "[Unit]\nDescription=Run certbot twice daily\n\n[Timer]\nOnCalendar=*-*-* \
                         00,12:00:00\nRandomizedDelaySec=43200\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
                    ),
                    (
                        "certbot.service",
                        "[Unit]\nDescription=Certbot\n[Service]\nType=oneshot\nExecStart=/usr/bin/certbot -q renew \
                         --no-random-sleep-on-renew\nPrivateTmp=true\n",
                    ),
                ],
                job: Some(("certbot", "0 0,12 * * *", r#""misfire":"latest""#)),
                told: &["PrivateTmp", "RandomizedDelaySec"],
            },
            Shape {
                name: "logrotate's",
                files: &[
                    ("logrotate.timer", "[Timer]\nOnCalendar=daily\nAccuracySec=1h\nPersistent=true\n"),
                    (
                        "logrotate.service",
                        "[Unit]\nConditionACPower=true\n[Service]\nType=oneshot\nExecStart=/usr/sbin/logrotate /etc/logrotate.conf\nNice=19\n",
                    ),
                ],
                job: Some(("logrotate", "0 0 * * *", r#"["/usr/sbin/logrotate","/etc/logrotate.conf"]"#)),
                told: &["ConditionACPower", "Nice"],
            },
            Shape {
                name: "PHP's",
                files: &[
                    ("phpsessionclean.timer", "[Timer]\nOnCalendar=*-*-* *:09,39:00\nPersistent=true\n"),
                    (
                        "phpsessionclean.service",
                        "[Service]\nType=oneshot\nExecStart=/usr/lib/php/sessionclean\n",
                    ),
                ],
                job: Some(("phpsessionclean", "9,39 * * * *", r#""on_failure":"record""#)),
                told: &[],
            },
            Shape {
                name: "snapper's, which counts from a boot",
                files: &[
                    ("snapper-cleanup.timer", "[Timer]\nOnBootSec=10m\nOnUnitActiveSec=1d\n"),
                    (
                        "snapper-cleanup.service",
                        "[Service]\nType=simple\nExecStart=/usr/lib/snapper/systemd-helper --cleanup\n",
                    ),
                ],
                job: Some(("snapper-cleanup", "@every 86400s", r#""concurrency":"forbid""#)),
                told: &["OnBootSec=10m", "OnUnitActiveSec=1d"],
            },
            Shape {
                name: "the first Monday of a month",
                files: &[
                    ("report.timer", "[Timer]\nOnCalendar=Mon *-*-1..7 09:30:00 Europe/Berlin\n"),
                    ("report.service", "[Service]\nUser=nobody\nExecStart=/opt/report\n"),
                ],
                job: Some(("report", "cron(30 9 ? * 2#1 *)", r#""timezone":"Europe/Berlin""#)),
                told: &[],
            },
            Shape {
                name: "one for each mount, by a template",
                files: &[
                    ("btrfs-scrub@.timer", "[Timer]\nOnCalendar=monthly\n"),
                    ("btrfs-scrub@.service", "[Service]\nExecStart=/usr/bin/btrfs scrub start -B %f\n"),
                ],
                job: None,
                told: &["template"],
            },
            Shape {
                name: "two days before a month's end",
                files: &[
                    ("close.timer", "[Timer]\nOnCalendar=*-*~03 18:00\n"),
                    ("close.service", "[Service]\nExecStart=/opt/close\n"),
                ],
                job: None,
                told: &["end of a month"],
            },
        ],
    );
}
