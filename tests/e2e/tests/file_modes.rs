//! Files that `belfry up` writes are for its user alone, whatever the umask: folders 0700, files 0600.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use belfry_e2e::{Server, Up, belfry, run, until};
use serde_json::json;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(30);
const DATABASE: &str = "belfry.sqlite";

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The path, with all paths below it.
fn tree(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if path.is_dir() {
        found.extend(fs::read_dir(path).unwrap().flat_map(|entry| tree(&entry.unwrap().path())));
    }
    found
}

/// Paths that other users may look into, with their modes.
fn open_to_others(path: &Path) -> Vec<String> {
    let open = tree(path).into_iter().filter(|path| mode(path) != if path.is_dir() { 0o700 } else { 0o600 });
    open.map(|path| format!("{} {:o}", path.display(), mode(&path))).collect()
}

/// Runs a command that prints, which leaves a log behind.
async fn print_something(server: &Server) {
    let pushed = server.run(&["push", "--wait", "--", "seq", "1", "100000"]).await.ok();
    assert!(pushed.out().contains("success"), "{}", pushed.out());
}

#[tokio::test]
async fn what_is_new_is_for_its_user_alone_whatever_the_umask() {
    for umask in ["000", "022", "077", "277", "777"] {
        let place = TempDir::new().unwrap();
        let (data, archive) = (place.path().join("of/belfry"), place.path().join("archive"));
        let up =
            Up::on(&data).variable("TMPDIR", place.path()).umask(umask).args(["--archive"]).args([&archive]);
        let server = up.start_leader().await;
        print_something(&server).await;
        let names: Vec<PathBuf> = tree(&data);
        for name in [DATABASE, "belfry.sqlite-wal", "belfry.sqlite-shm", "logs"] {
            assert!(names.contains(&data.join(name)), "{name}: {names:?}");
        }
        for place in [&data, &archive, &place.path().join("of")] {
            assert_eq!(open_to_others(place), Vec::<String>::new(), "umask {umask}");
        }
        let told = server.log();
        assert!(!told.contains("other users"), "nothing was open: {told}");
    }
}

#[tokio::test]
async fn a_token_is_kept_in_a_database_for_its_user_alone() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    run(&["token", "create", "ci", "--data", data.to_str().unwrap()]).await.ok();
    assert_eq!(open_to_others(&data), Vec::<String>::new());
}

/// Makes a data folder as versions before this one left it after kill -9.
async fn left_open(data: &Path) {
    let mut server = Up::on(data).start_leader().await;
    print_something(&server).await;
    server.api.try_put("/v1/jobs/kept", &json!({ "command": "true" })).await.unwrap().ok();
    server.kill().await;
    for path in tree(data) {
        set_mode(&path, if path.is_dir() { 0o755 } else { 0o644 });
    }
}

#[tokio::test]
async fn what_was_open_is_closed_with_a_notice() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    left_open(&data).await;
    let server = Up::on(&data).variable("TMPDIR", place.path()).start_leader().await;
    for name in ["", DATABASE, "belfry.sqlite-wal", "belfry.sqlite-shm", "logs"] {
        let path = data.join(name);
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    let told = server.log();
    for told_of in [&data, &data.join(DATABASE), &data.join("logs")] {
        let name = format!("{} was open to other users", told_of.display());
        assert!(told.contains(&name), "{name}: {told}");
    }
    assert_eq!(server.api.get("/v1/jobs/kept").await["status"], "active");
    let doctor =
        run(&["--url", server.url(), "doctor", "--data", data.to_str().unwrap(), "--json"]).await.json();
    assert_eq!(data_check(&doctor)["verdict"], "ok", "{doctor}");
}

fn data_check(doctor: &serde_json::Value) -> &serde_json::Value {
    doctor["checks"].as_array().unwrap().iter().find(|check| check["check"] == "data directory").unwrap()
}

#[tokio::test]
async fn doctor_says_what_is_open() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    left_open(&data).await;
    let doctor = run(&["doctor", "--data", data.to_str().unwrap(), "--json"]).await.json();
    let check = data_check(&doctor);
    assert_eq!(check["verdict"], "warn", "{check}");
    let told = check.to_string();
    assert!(told.contains("0755") && told.contains(DATABASE) && told.contains("0644"), "{told}");
}

#[tokio::test]
async fn what_others_share_stays_theirs_and_the_database_in_it_is_closed() {
    // A folder as of everybody's temporary files, and one with somebody's files in it.
    for (shared, mode_of_it) in [("sticky", 0o1777), ("home", 0o755)] {
        let place = TempDir::new().unwrap();
        let data = place.path().join(shared);
        fs::create_dir(&data).unwrap();
        if shared == "home" {
            fs::write(data.join("letter.txt"), "theirs").unwrap();
            set_mode(&data.join("letter.txt"), 0o644);
        }
        set_mode(&data, mode_of_it);
        let up = Up::on(&data).variable("TMPDIR", place.path());
        for _ in 0..2 {
            let mut server = up.start_leader().await;
            print_something(&server).await;
            assert_eq!(mode(&data), mode_of_it);
            assert_eq!(open_to_others(&data.join("logs")), Vec::<String>::new());
            for name in [DATABASE, "belfry.sqlite-wal", "belfry.sqlite-shm"] {
                assert_eq!(mode(&data.join(name)), 0o600, "{name}");
            }
            if shared == "home" {
                assert_eq!(mode(&data.join("letter.txt")), 0o644);
            }
            until("it says so", SOON, async || {
                server.log().contains("stays open to other users").then_some(())
            })
            .await;
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn an_archive_and_logs_elsewhere_are_closed_where_they_hold_nothing_else() {
    let place = TempDir::new().unwrap();
    let folder = |name: &str, held: &str| {
        let folder = place.path().join(name);
        fs::create_dir_all(folder.join(held)).unwrap();
        set_mode(&folder, 0o755);
        folder
    };
    let (archive, logs) = (folder("archive", "dt=2026-11-23"), folder("logs", "job/2026-11-23T00:00:00Z~1"));
    let (not_only, var_log) = (folder("archive-and-more", "theirs"), folder("var-log", "nginx/access"));
    for (archive, logs, expected) in [(archive, logs, 0o700), (not_only, var_log, 0o755)] {
        let data = TempDir::new().unwrap();
        let up = Up::on(data.path()).args(["--archive"]).args([&archive]).args(["--logs"]).args([&logs]);
        let _server = up.start_leader().await;
        assert_eq!((mode(&archive), mode(&logs)), (expected, expected));
    }
}

#[tokio::test]
async fn a_data_directory_with_folders_of_others_stays_as_it_is() {
    for (folder, file) in [("logs", "app.log"), ("logs", "nginx/access.log"), ("archive", "2025.tar")] {
        let place = TempDir::new().unwrap();
        let (data, theirs) = (place.path().join("app"), place.path().join("app").join(folder));
        fs::create_dir_all(theirs.join(file).parent().unwrap()).unwrap();
        fs::write(theirs.join(file), "theirs").unwrap();
        for path in tree(&data) {
            set_mode(&path, if path.is_dir() { 0o755 } else { 0o644 });
        }
        // Also when it finds its own database there.
        for _ in 0..2 {
            let mut server = Up::on(&data).variable("TMPDIR", place.path()).start_leader().await;
            server.stop().await;
            assert_eq!(
                [mode(&data), mode(&theirs), mode(&theirs.join(file))],
                [0o755, 0o755, 0o644],
                "{file}"
            );
            assert_eq!(mode(&data.join(DATABASE)), 0o600);
        }
    }
}

/// Files of belfry as earlier versions left them, among files of others.
#[tokio::test]
async fn own_logs_and_days_among_others_are_closed() {
    let place = TempDir::new().unwrap();
    let (logs, archive) = (place.path().join("logs"), place.path().join("archive"));
    let files = [
        logs.join("job/2026-11-23T00:00:00Z~1/1.log"),
        archive.join("dt=2026-11-23/20261123T101500.000Z-0123456789abcdef.jsonl.gz"),
        logs.join("nginx/access.log"),
        archive.join("dt=2026-11-24/part-0.jsonl.gz"),
    ];
    for file in &files {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    for path in tree(&logs).iter().chain(&tree(&archive)) {
        set_mode(path, if path.is_dir() { 0o755 } else { 0o644 });
    }
    let data = TempDir::new().unwrap();
    let up = Up::on(data.path()).args(["--archive"]).args([&archive]).args(["--logs"]).args([&logs]);
    let _server = up.start_leader().await;
    let [own, day, log_of_others, day_of_others] = files;
    assert_eq!(mode(&logs.join("job")), 0o700, "{}", own.display());
    assert_eq!(mode(day.parent().unwrap()), 0o700);
    for theirs in [&log_of_others, &day_of_others] {
        assert_eq!((mode(theirs.parent().unwrap()), mode(theirs)), (0o755, 0o644), "{}", theirs.display());
    }
    assert_eq!((mode(&logs), mode(&archive)), (0o755, 0o755));
}

/// Modes mean nothing to root, so root runs it as nobody, and as a copy that nobody can reach.
fn make_token(place: &Path, data: &Path, umask: &str) -> std::process::Output {
    const NOBODY: u32 = 65_534;
    let mut sh = Command::new("sh");
    let program = if rustix::process::geteuid().is_root() {
        let copy = place.join("belfry");
        fs::copy(belfry(), &copy).unwrap();
        set_mode(place, 0o755);
        let existing = data.ancestors().find(|path| path.exists()).unwrap();
        chown(existing, Some(NOBODY), Some(NOBODY)).unwrap();
        sh.uid(NOBODY).gid(NOBODY);
        copy
    } else {
        belfry().to_owned()
    };
    sh.args(["-c", r#"umask "$1"; "$2" token create ci --data "$3""#, "sh", umask])
        .args([&program, &data.to_owned()]);
    sh.current_dir("/").output().unwrap()
}

#[test]
fn a_data_directory_that_can_only_be_written_to_is_used() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("of/belfry");
    fs::create_dir_all(&data).unwrap();
    set_mode(&data, 0o333);
    let made = make_token(place.path(), &data, "022");
    let told = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{told}");
    set_mode(&data, 0o755);
    assert_eq!(mode(&data.join(DATABASE)), 0o600);
}

#[test]
fn no_umask_keeps_belfry_from_what_it_makes() {
    for umask in ["277", "777"] {
        let place = TempDir::new().unwrap();
        let above = place.path().join("of");
        fs::create_dir(&above).unwrap();
        let made = make_token(place.path(), &above.join("a/b"), umask);
        assert!(made.status.success(), "{umask}: {}", String::from_utf8_lossy(&made.stderr));
    }
}
