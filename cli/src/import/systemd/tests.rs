use std::collections::BTreeSet;

use belfry_domain::Timestamp;

use super::{File, Files, Import, Options};
use crate::import::{CommandTarget, Host, NoteKind, Translation, report::tests::losses, zone::Zone};

fn host() -> Host {
    let homes = [("root", "/root"), ("alice", "/home/alice")];
    Host {
        user: "root".to_owned(),
        homes: homes.map(|(user, home)| (user.to_owned(), home.to_owned())).into(),
        programs: BTreeSet::new(),
        path: String::new(),
        timezone: Ok(Zone::new("Europe/Berlin", "a test")),
    }
}

fn import_with(
    options: &Options,
    enabled: Option<&[&str]>,
    files: &[(&str, &str)],
) -> Translation<CommandTarget> {
    let file = |(name, text): &(&str, &str)| {
        let unit = name.split_once(".d/").map_or(*name, |(unit, _)| unit);
        File { name: (*name).to_owned(), unit: unit.to_owned(), text: (*text).to_owned() }
    };
    let enabled = enabled.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let files = Files { files: files.iter().map(file).collect(), enabled };
    let mut translation = Translation::default();
    let host = host();
    Import { host: &host, options, now: Timestamp(1_795_000_000_000) }.add(&mut translation, &files);
    translation
}

fn import(timer: &str, service: &str) -> Translation<CommandTarget> {
    import_with(&Options::default(), Some(&["a.timer"]), &[("a.timer", timer), ("a.service", service)])
}

const DAILY: &str = "[Timer]\nOnCalendar=daily\n";

#[test]
fn a_timer_and_its_service() {
    let timer = "[Unit]\nDescription=Rotate\n[Timer]\nOnCalendar=*-*-* 6,18:00\nRandomizedDelaySec=12h\nPersistent=true\n\
                 AccuracySec=1h\n[Install]\nWantedBy=timers.target\n";
    let service = "[Service]\nType=oneshot\nUser=alice\nEnvironment=A=1 \"B=x y\"\nTimeoutStartSec=1h\n\
                   ExecStart=/usr/bin/rotate ${A} $B\n";
    let translation = import(timer, service);
    let job = &translation.jobs[0];
    assert_eq!((job.job_id.as_str(), job.schedule.as_str()), ("a", "0 6,18 * * *"));
    assert_eq!(job.target.command.join(" "), "runuser -u alice -- /usr/bin/rotate 1 x y");
    assert_eq!(job.target.environment["B"], "x y");
    assert_eq!(job.target.working_directory.as_deref(), Some("/"));
    assert_eq!((job.misfire, job.concurrency, job.on_failure), ("latest", Some("forbid"), Some("record")));
    assert_eq!((job.jitter.as_deref(), job.timeout.as_str()), (Some("43200s"), "3600s"));
    assert_eq!((job.timezone.as_deref(), job.paused), (Some("Europe/Berlin"), false));
    assert_eq!(job.description, "a.timer: Rotate");
    let changed: Vec<&str> = losses(&translation).iter().map(|note| note.text.as_str()).collect();
    assert_eq!(changed, ["RandomizedDelaySec=12h"]);
}

#[test]
fn what_is_not_enabled_begins_paused_and_what_is_masked_is_ignored() {
    let files = [("a.timer", DAILY), ("a.service", "[Service]\nExecStart=/x\n"), ("b.timer", "")];
    let translation = import_with(&Options::default(), Some(&[]), &files);
    assert!(translation.jobs[0].paused);
    let ignored = translation.notes.iter().find(|note| note.kind == NoteKind::Ignored).unwrap();
    assert!(ignored.file == "b.timer" && ignored.reason.contains("masked"), "{ignored:?}");
    let translation = import_with(&Options::default(), None, &files);
    assert!(!translation.jobs[0].paused && losses(&translation)[0].reason.contains(".wants"));
}

#[test]
fn drop_ins_change_a_unit() {
    let service = ("a.service", "[Service]\nExecStart=/x\n");
    let drop_in = ("a.timer.d/x.conf", "[Timer]\nOnCalendar=\nOnCalendar=hourly\n");
    let translation =
        import_with(&Options::default(), Some(&["a.timer"]), &[drop_in, ("a.timer", DAILY), service]);
    let schedules: Vec<&str> = translation.jobs.iter().map(|job| job.schedule.as_str()).collect();
    assert_eq!(schedules, ["0 * * * *"]);
}

#[test]
fn intervals_and_several_triggers_say_what_is_different() {
    let timer = "[Timer]\nOnBootSec=5min\nOnUnitActiveSec=1h\nOnCalendar=daily\n";
    let translation = import(timer, "[Service]\nExecStart=/x\n");
    let schedules: Vec<&str> = translation.jobs.iter().map(|job| job.schedule.as_str()).collect();
    assert_eq!(schedules, ["0 0 * * *", "@every 3600s"]);
    let told: Vec<(&str, NoteKind)> =
        losses(&translation).iter().map(|note| (note.text.as_str(), note.kind)).collect();
    assert!(told.contains(&("OnBootSec=5min", NoteKind::NotCarriedOver)), "{told:?}");
    assert!(told.contains(&("OnUnitActiveSec=1h", NoteKind::Changed)), "{told:?}");
    assert!(told.contains(&("OnCalendar=daily", NoteKind::Changed)), "{told:?}");
}

#[test]
fn several_commands_run_one_after_another() {
    let service = "[Service]\nExecStartPre=-/pre it's\nExecStart=/x\n";
    let translation = import(DAILY, service);
    let words = &translation.jobs[0].target.command;
    assert_eq!(words[..], ["/bin/sh", "-c", "{ /pre 'it'\\''s' || :; } && /x"]);
}

#[test]
fn what_cannot_be_carried_over_is_lost_as_a_whole_and_named() {
    for (timer, service, reason) in [
        ("[Timer]\nOnCalendar=Mon *-*-2\n", "[Service]\nExecStart=/x\n", "must both match"),
        ("[Timer]\nOnBootSec=5min\n", "[Service]\nExecStart=/x\n", "no time that belfry supports"),
        (DAILY, "[Service]\nType=forking\nExecStart=/x\n", "would not see the end of the service"),
        (DAILY, "[Service]\nDynamicUser=yes\nExecStart=/x\n", "no accounts"),
        (DAILY, "[Service]\nExecStart=+/x\n", "belfry does not support +"),
        (DAILY, "[Service]\nEnvironmentFile=/e\nExecStart=/x $A\n", "not in the unit"),
        (DAILY, "[Service]\nType=oneshot\n", "no ExecStart="),
        (DAILY, "[Service]\nRemainAfterExit=yes\nExecStart=/x\n", "starts the service once"),
        (
            "[Timer]\nOnCalendar=daily\nPersistent=maybe\n",
            "[Service]\nExecStart=/x\n",
            "neither true nor false",
        ),
        ("[Timer]\nOnCalendar=daily\nUnit=b.service\n", "[Service]\nExecStart=/x\n", "not among the files"),
    ] {
        let translation = import(timer, service);
        assert!(translation.jobs.is_empty(), "{timer}{service}");
        let reasons: Vec<&str> = losses(&translation).iter().map(|note| note.reason.as_str()).collect();
        assert!(reasons.iter().any(|why| why.contains(reason)), "{reason}: {reasons:?}");
    }
}

#[test]
fn what_a_service_says_beside_its_command_is_listed() {
    let service = "[Unit]\nConditionACPower=true\nAfter=x.target\n[Service]\nExecStart=/x\nProtectSystem=full\nRestart=always\n";
    let translation = import(DAILY, service);
    assert_eq!(translation.jobs.len(), 1);
    let told: Vec<&str> = losses(&translation).iter().map(|note| note.text.as_str()).collect();
    assert_eq!(told, ["Restart=always", "ConditionACPower=true", "After=x.target", "ProtectSystem=full"]);
}
