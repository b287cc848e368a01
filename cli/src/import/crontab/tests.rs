use belfry_domain::Timestamp;

use super::{Flavour, Import, Options};
use crate::import::{CommandTarget, Host, NoteKind, report::tests::losses, zone::Zone};

type Translation = crate::import::Translation<CommandTarget>;

fn host(user: &str) -> Host {
    let homes = [("root", "/root"), ("alice", "/home/alice"), ("www-data", "/var/www")];
    let homes = homes.into_iter().map(|(user, home)| (user.to_owned(), home.to_owned())).collect();
    let programs = ["date", "test", "git"].map(str::to_owned).into();
    let (path, timezone) = ("/usr/bin:/bin".to_owned(), Ok(Zone::new("UTC", "a test")));
    Host { user: user.to_owned(), homes, programs, path, timezone }
}

fn import_as(user: &str, options: &Options, file: &str, text: &str) -> Translation {
    let host = host(user);
    let import = Import { host: &host, options, now: Timestamp(1_795_000_000_000) };
    let mut translation = Translation::default();
    import.add(&mut translation, file, text);
    translation
}

fn user(text: &str) -> Translation {
    import_as("alice", &Options { flavour: Some(Flavour::User), ..Options::default() }, "crontab", text)
}

fn system(user: &str, text: &str) -> Translation {
    import_as(user, &Options::default(), "/etc/cron.d/app", text)
}

fn reasons(translation: &Translation) -> Vec<(usize, NoteKind, &str)> {
    losses(translation).into_iter().map(|note| (note.line, note.kind, note.reason.as_str())).collect()
}

#[test]
fn a_user_entry_keeps_shell_home_and_variables() {
    let text = "SHELL=/bin/bash\nA = 'b c'\n\n# Nightly backup\n30 2 * * 1-5 /opt/backup.sh --to \"$A\"\n";
    let translation = user(text);
    let job = &translation.jobs[0];
    assert_eq!((job.job_id.as_str(), job.schedule.as_str()), ("backup.sh", "30 2 * * 1-5"));
    assert_eq!(job.description, "crontab:5: Nightly backup");
    assert_eq!(job.target.command, ["/bin/bash", "-c", "/opt/backup.sh --to \"$A\""]);
    assert_eq!(job.target.working_directory.as_deref(), Some("/home/alice"));
    assert_eq!(job.target.environment["A"], "b c");
    assert_eq!(job.target.environment["LOGNAME"], "alice");
    assert_eq!((job.misfire, job.retry.max_retries, job.retry.max_lost), ("skip", 0, 0));
    assert_eq!(job.target.environment["PATH"], "/usr/bin:/bin");
    assert_eq!(reasons(&translation), []);
}

#[test]
fn variables_hold_for_what_is_below_them() {
    let translation = user("* * * * * a\nA=1\n* * * * * b\nA=2\nHOME=/srv\n* * * * * c\n");
    let seen: Vec<_> = translation.jobs.iter().map(|job| job.target.environment.get("A").cloned()).collect();
    assert_eq!(seen, [None, Some("1".to_owned()), Some("2".to_owned())]);
    assert_eq!(translation.jobs[2].target.working_directory.as_deref(), Some("/srv"));
}

#[test]
fn percent_signs_become_standard_input() {
    let translation = user("0 9 * * * mail -s x joe%Hello%\\% 100%\n0 9 * * * date +\\%d\n");
    let words = &translation.jobs[0].target.command;
    assert_eq!(words[3..], ["cron", "/bin/sh", "mail -s x joe", "Hello\n% 100\n"]);
    assert_eq!(translation.jobs[1].target.command, ["/bin/sh", "-c", "date +%d"]);
}

#[test]
fn a_command_that_is_fed_gets_its_input_and_keeps_its_exit_code() {
    let translation = user("0 9 * * * cat; echo '\\%'; exit 3%a 'b'%$c \\n\n");
    let words = &translation.jobs[0].target.command;
    let output = std::process::Command::new(&words[0]).args(&words[1..]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "a 'b'\n$c \\n\n%\n");
}

#[test]
fn zones_come_from_the_host_and_from_cron_tz() {
    let options = Options { timezone: Some("Europe/Berlin".to_owned()), ..Options::default() };
    let text =
        "0 9 * * * a\nCRON_TZ=Asia/Tokyo\n0 9 * * * b\nTZ=UTC\n0 9 * * * c\nCRON_TZ=Mars\n0 9 * * * d\n";
    let translation = import_as("alice", &options, "crontab", text);
    let zones: Vec<_> = translation.jobs.iter().map(|job| job.timezone.as_deref()).collect();
    assert_eq!(zones, [Some("Europe/Berlin"), Some("Asia/Tokyo"), Some("Asia/Tokyo")]);
    assert_eq!(translation.jobs[2].target.environment["TZ"], "UTC");
    let last = translation.notes.iter().find(|note| note.line == 7).unwrap();
    assert!(last.line == 7 && last.reason.contains("'Mars' is not an IANA time zone"), "{last:?}");
}

#[test]
fn what_cannot_be_carried_over_is_listed_with_its_line() {
    let text = "MAILTO=ops\n@reboot /opt/agent\n61 * * * * a\n0 0 31 2 * never\nhello world\n1 2 3\nSTART_HOURS_RANGE=3-22\n* * * * * b\n";
    let translation = user(text);
    assert_eq!(translation.jobs.len(), 1);
    let notes = reasons(&translation);
    assert_eq!(notes.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 0]);
    assert!(notes[..6].iter().all(|(_, kind, _)| *kind == NoteKind::NotCarriedOver));
    assert!(notes[7].2.contains("Debian's cron ignores the whole file"), "{:?}", notes[7]);
    for (index, wanted) in
        [(0, "no mail"), (1, "boot"), (2, "minute (column 1): 61"), (3, "never run"), (4, "is not a comment")]
    {
        assert!(notes[index].2.contains(wanted), "{:?}", notes[index]);
    }
}

#[test]
fn mailto_nobody_is_what_belfry_does() {
    assert_eq!(reasons(&user("MAILTO=\"\"\n* * * * * a\n")), []);
}

#[test]
fn cronies_own_additions() {
    let translation = user("RANDOM_DELAY=30\n-5 4 * * * a\n");
    assert_eq!(translation.jobs[0].schedule, "5 4 * * *");
    assert_eq!(translation.jobs[0].jitter.as_deref(), Some("30m"));
    assert_eq!(reasons(&translation)[0].1, NoteKind::Changed);
}

#[test]
fn root_runs_the_entries_of_others_through_runuser() {
    let text = "HOME=/tmp\n0 0 * * * www-data /x a\n0 0 * * * root /y\n0 0 * * * ghost /z\n0 0 * * * root\n";
    let translation = system("root", text);
    let command = |index: usize| translation.jobs[index].target.command.join(" ");
    assert_eq!(command(0), "runuser -u www-data -- env HOME=/tmp /bin/sh -c /x a");
    assert_eq!(command(1), "/bin/sh -c /y");
    assert!(!translation.jobs[0].target.environment.contains_key("LOGNAME"));
    assert_eq!(
        translation.jobs.iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(),
        ["app-x", "app-y", "app-z"]
    );
    let notes = reasons(&translation);
    assert_eq!(notes[0].2, "runs as ghost, but this machine has no such account");
    assert!(notes[1].0 == 5 && notes[1].2.contains("only one of them"));
}

/// Checks that a sixth field is reported: Quartz's seconds come first, and its expressions have six
/// fields.
#[test]
fn a_sixth_field_is_told() {
    let translation = user("0 0 12 * * ? /opt/x\n*/10 * * * * * /opt/y\n0 0 * * * 7z a b\n");
    let told: Vec<(usize, NoteKind)> = reasons(&translation)
        .iter()
        .filter(|(.., why)| why.contains("sixth field"))
        .map(|note| (note.0, note.1))
        .collect();
    assert_eq!(told, [(1, NoteKind::Changed), (2, NoteKind::Changed)]);
    let translation = system("root", "0 0 12 * * ? root /opt/x\n");
    assert!(translation.jobs.is_empty() && reasons(&translation)[0].2.contains("is not a valid user"));
}

#[test]
fn others_cannot_run_the_entries_of_others() {
    let translation = system("alice", "0 0 * * * root /x\n0 0 * * * alice /y\n");
    assert_eq!(translation.jobs.len(), 1);
    assert_eq!(translation.jobs[0].target.command, ["/bin/sh", "-c", "/y"]);
    assert!(reasons(&translation)[0].2.starts_with("runs as root; belfry runs as alice"));
}

#[test]
fn the_user_column_is_found_by_place_or_by_content() {
    let detect = |file: &str, text: &str| {
        let kind = super::flavour::detect(file, text, &host("root"));
        kind.map(|kind| (kind.flavour, kind.owner)).map_err(|_| ())
    };
    let (system, user) = (Ok((Flavour::System, None::<String>)), Ok((Flavour::User, None)));
    assert_eq!(detect("/etc/crontab", ""), system);
    assert_eq!(detect("backup/cron.d/x", "* * * * * ghost x"), system);
    for folder in ["/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/cron/tabs", "old/cron/crontabs"]
    {
        let owned = Ok((Flavour::User, Some("alice".to_owned())));
        assert_eq!(detect(&format!("{folder}/alice"), "* * * * * root x"), owned, "{folder}");
    }
    assert_eq!(detect("tab", "* * * * * root x\n@daily alice y"), system);
    assert_eq!(detect("tab", "* * * * * root x\n@daily ghost /y"), system);
    assert_eq!(detect("tab", "* * * * * ghost /y"), Err(()));
    assert_eq!(detect("tab", "* * * * * root x\n@daily date -u"), Err(()));
    assert_eq!(detect("tab", "* * * * * root"), user);
    assert_eq!(detect("tab", "* * * * * tool /x\n* * * * * /opt/y"), user);
    assert_eq!(detect("tab", "* * * * * tool -x"), user);
    assert_eq!(detect("tab", ""), user);
    assert_eq!(detect("/etc/anacrontab", ""), Ok((Flavour::Anacron, None)));
    for ignored in ["/etc/cron.d/x.sh", "/etc/cron.d/x~", "/etc/cron.daily/x", "/var/spool/cron/crontabs/.x"]
    {
        assert_eq!(detect(ignored, "* * * * * root x"), Err(()), "{ignored}");
    }
}

#[test]
fn an_anacrontab_keeps_names_periods_and_delays() {
    let text = "SHELL=/bin/sh\nSTART_HOURS_RANGE=3-22\n1 5 cron.daily run-parts /etc/cron.daily\n@fortnightly 5 x y\n";
    let translation = import_as("root", &Options::default(), "/etc/anacrontab", text);
    let job = &translation.jobs[0];
    assert_eq!(
        (job.job_id.as_str(), job.schedule.as_str(), job.misfire),
        ("cron.daily", "5 3 * * *", "latest")
    );
    let lines: Vec<usize> = reasons(&translation).iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 0]);
}

#[test]
fn names_stay_when_entries_are_added_behind() {
    let first = system("root", "0 0 * * * root /x 1\n");
    let both = system("root", "0 0 * * * root /x 1\n0 0 * * * root /x 2\n");
    assert_eq!(first.jobs[0].job_id, both.jobs[0].job_id);
    assert_ne!(both.jobs[0].job_id, both.jobs[1].job_id);
    let again = system("root", "0 0 * * * root /x 1\n0 0 * * * root /x 2\n");
    assert_eq!(both.jobs, again.jobs);
}
