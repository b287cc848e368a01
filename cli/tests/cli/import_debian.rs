//! Crontabs in the shapes of Debian's packages, imported and run once: nothing pages where cron would
//! not have sent mail. The programs are not there, as on a host where a package was removed but not
//! purged.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

use std::{collections::BTreeSet, fs, process::Command};

use crate::support::{Server, until};
use serde_json::Value;

/// Crontabs, each named after its package, with the lines that make it particular; `/n` does not exist.
const FILES: [(&str, &str); 21] = [
    (
        "e2scrub_all",
        "30 3 * * 0 USER test -e /n/run || SERVICE_MODE=1 /n/e2scrub_all_cron\n10 3 * * * USER test -e /n/run || /n/e2scrub_all -A -r\n",
    ),
    (
        "php",
        "09,39 *     * * *     USER   [ -x /n/sessionclean ] && if [ ! -d /n/run ]; then /n/sessionclean; fi\n",
    ),
    (
        "certbot",
        "SHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n\n0 */12 * * * USER test -x /n/certbot -a \\! \
         -d /n/run && perl -e 'sleep int(rand(43200))' && /n/certbot -q renew --no-random-sleep-on-renew\n",
    ),
    (
        "sysstat",
        "PATH=/n/sysstat:/usr/sbin:/usr/bin:/sbin:/bin\n\n# Activity reports every 10 minutes everyday\n5-55/10 * * * * USER command -v \
         debian-sa1-n > /dev/null && debian-sa1-n 1 1\n59 23 * * * USER command -v debian-sa1-n > /dev/null && debian-sa1-n 60 2\n",
    ),
    (
        "mdadm",
        "57 0 * * 0 USER if [ -x /n/checkarray ] && [ $(date +\\%d) -le 7 ]; then /n/checkarray --cron --all; fi\n",
    ),
    (
        "anacron",
        "SHELL=/bin/sh\n30 7-23 * * *   USER\t[ -x /n/anacron ] && if [ ! -d /n/run ]; then /n/invoke-rc.d anacron start; fi\n",
    ),
    ("popularity-contest", "SHELL=/bin/sh\n50 12 * * *   USER    test -x /n/popcon && /n/popcon --crond\n"),
    ("logrotate", "@daily USER [ -x /n/logrotate ] && /n/logrotate /n/logrotate.conf\n"),
    (
        "awstats",
        "MAILTO=root\n\n*/10 * * * * USER [ -x /n/update.sh ] && /n/update.sh\n\n10 03 * * * USER [ -x /n/buildstatic.sh ] && /n/buildstatic.sh\n",
    ),
    (
        "munin",
        "MAILTO=root\n\n*/5 * * * *     USER if [ -x /n/munin-cron ]; then /n/munin-cron; fi\n27 03 * * *     USER htmldir=$({ cat /n/munin.conf \
         2>/dev/null || true; } | sed -nE 's/^\\s*htmldir\\s+(\\S.*)$/\\1/p' | tail -1); [ -d \"${htmldir:-/n/www}\" ] && find \"$htmldir/\" -delete\n",
    ),
    (
        "ntpsec-ntpviz",
        "*/5 * * * * USER if [ ! -d /n/run ] && [ -e /n/gpsd.sock ] ; then /n/ntploggps -o ; fi\n",
    ),
    ("apt-compat", "0 6 * * * USER [ -x /n/apt.systemd.daily ] || exit 1; exec /n/apt.systemd.daily\n"),
    (
        "amavisd-new",
        "18 */3\t* * *\tUSER\ttest -e /n/amavisd && /n/amavisd sa-sync\n24 1  * * *   USER  test -e /n/amavisd && /n/amavisd sa-clean\n",
    ),
    (
        "logcheck",
        "MAILTO=root\n@reboot         USER    if [ -x /n/logcheck ]; then nice -n10 /n/logcheck -R; fi\n2 * * * *       USER    if [ -x \
         /n/logcheck ]; then nice -n10 /n/logcheck; fi\n",
    ),
    ("mailman3", "SHELL=/bin/sh\n0  8 * * *  USER\tif [ -x /n/mailman ]; then /n/mailman notify; fi\n"),
    (
        "roundcube-core",
        "0 5 * * * USER test -d /n/run || /n/cleandb.sh >/dev/null\n\n5,35 * * * * USER test -d /n/run || /n/gc.sh\n",
    ),
    (
        "tiger",
        "DEFAULT=/n/tiger\nNICETIGER=10\n0 * * * *      USER    test -x /n/tigercron && { [ -r \"$DEFAULT\" ] && . \"$DEFAULT\" ; nice \
         -n$NICETIGER /n/tigercron -q ; }\n",
    ),
    ("dma", "*/5 *\t* * *\tUSER\t[ -x /n/dma ] && /n/dma -q\n"),
    ("cron-apt", "0 4\t* * *\tUSER\ttest -x /n/cron-apt && /n/cron-apt\n"),
    ("zfsutils-linux", "24 0 1-7 * * USER if [ $(date +\\%w) -eq 9 ] && [ -x /n/trim ]; then /n/trim; fi\n"),
    ("debian-goodies", "@weekly USER [ -x /n/checkrestart ] && /n/checkrestart -p\n"),
];

fn user() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let cron = folder.path().join("cron.d");
    fs::create_dir(&cron).unwrap();
    for (name, text) in FILES {
        fs::write(cron.join(name), text.replace("USER", &user())).unwrap();
    }
    fs::write(cron.join("php.dpkg-old"), "* * * * * root /n/old\n").unwrap();
    folder
}

fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

#[test]
fn what_cron_would_not_have_mailed_pages_nobody() {
    let server = Server::start(&[]);
    let folder = written();
    let folder = folder.path().join("cron.d").display().to_string();
    let imported = server.run(&["import", "crontab", &folder, "--json", "--apply"]).ok().json();
    let jobs: BTreeSet<&str> = texts(&imported["jobs"], "job_id").into_iter().collect();
    let entries = FILES.iter().flat_map(|(_, text)| text.lines()).filter(|line| line.contains("USER"));
    assert_eq!(jobs.len() + 1, entries.count(), "all but the @reboot: {jobs:?}");
    let report = imported["report"].as_array().unwrap().iter();
    let lost =
        report.filter(|note| note["kind"] == "not_carried_over").map(|note| note["text"].as_str().unwrap());
    assert!(
        lost.clone().all(|text| text == "MAILTO=root" || text.starts_with("@reboot")),
        "{:?}",
        lost.collect::<Vec<_>>()
    );
    for job in &jobs {
        server.run(&["trigger", job, "--key", "once"]).ok();
    }
    let ended: Vec<Value> = jobs.iter().map(|job| end(&server, job)).collect();
    let failed = ended.iter().filter(|shown| shown["status"] == "failed").count();
    assert!(failed >= 20, "guards end with 1: {failed} of {}", ended.len());
    assert!(ended.iter().all(|shown| shown["attempt"] == 1), "nothing is tried again");
    // What is to be told is told: one of them as a job that somebody wants to hear of.
    let one = format!("{folder}/dma");
    server.run(&["import", "crontab", &one, "--apply", "--alert-on-failure", "--prefix", "loud-"]).ok();
    server.run(&["trigger", "loud-dma", "--key", "once"]).ok();
    end(&server, "loud-dma");
    let letters = until("its dead letter", || {
        let letters = server.run(&["dead-letters", "--json"]).ok().json();
        letters.as_array().is_some_and(|list| !list.is_empty()).then_some(letters)
    });
    assert_eq!(texts(&letters, "job_id"), ["loud-dma"]);
    let alerts = server.run(&["alerts", "--json"]).ok().json();
    assert_eq!(texts(&alerts, "key"), ["dead_letter/loud-dma"]);
}

fn end(server: &Server, job: &str) -> Value {
    until("it ends", || {
        let shown = server.run(&["executions", "show", &format!("{job}@once"), "--json"]);
        (shown.code() == 0).then(|| shown.json()).filter(|shown| !shown["end_time"].is_null())
    })
}
