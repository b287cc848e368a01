use std::{
    fs, iter,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use belfry::{standalone::check_locks, zones};
use belfry_domain::ZoneData;
use chrono::{DateTime, Utc};

use super::Finding;
use crate::{
    client::Call,
    commands::Global,
    error::CliError,
    show::{plain, time},
};

pub fn version() -> Finding {
    let platform = format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH);
    Finding::ok("version", format!("belfry {} ({platform})", env!("CARGO_PKG_VERSION")))
}

/// Checks the data directory by writing a file beside the database, or where the directory would be
/// created.
pub fn data_directory(data: &Path) -> Finding {
    const CHECK: &str = "data directory";
    let shown = data.display();
    if data.exists() && !data.is_dir() {
        return Finding::fail(
            CHECK,
            format!("{shown} is not a directory"),
            "choose another directory with --data",
        );
    }
    let existing = nearest_existing(data);
    match tempfile::NamedTempFile::new_in(&existing) {
        Err(error) => {
            let detail = format!("{} is not writable: {error}", existing.display());
            Finding::fail(
                CHECK,
                detail,
                "choose another directory with --data, or change the owner of this directory",
            )
        }
        Ok(_) if data.is_dir() => match open_to_others(data) {
            open if open.is_empty() => locks(data),
            open => {
                let detail = format!("other users of this machine can read {}", open.join(", "));
                Finding::warn(
                    CHECK,
                    detail,
                    "run chmod go= on them; `belfry up` does so if it shares the directory with nothing else",
                )
            }
        },
        Ok(_) => Finding::ok(CHECK, format!("`belfry up` will create {shown}")),
    }
}

/// Checks the locks of the file system. On network file systems they may fail or be missing; then only
/// the lease tells that a leader is dead.
fn locks(data: &Path) -> Finding {
    let shown = data.display();
    match check_locks(data) {
        Ok(()) => Finding::ok("data directory", format!("{shown} is writable and supports file locks")),
        Err(error) => Finding::warn(
            "data directory",
            format!("cannot lock files in {shown}: {error}"),
            "use a local disk; without locks a restart after a crash waits 6 s longer",
        ),
    }
}

/// Directory and files of the database that other users may access, with their modes.
fn open_to_others(data: &Path) -> Vec<String> {
    let files = ["belfry.sqlite", "belfry.sqlite-wal", "belfry.sqlite-shm"].map(|name| data.join(name));
    let mode = |path: &PathBuf| Some(fs::metadata(path).ok()?.permissions().mode() & 0o7777);
    iter::once(data.to_owned())
        .chain(files)
        .filter_map(|path| Some((mode(&path)?, path)))
        .filter(|(mode, _)| mode & 0o077 != 0)
        .map(|(mode, path)| format!("{} ({mode:04o})", path.display()))
        .collect()
}

fn nearest_existing(path: &Path) -> PathBuf {
    let found = path.ancestors().find(|ancestor| ancestor.is_dir());
    found.filter(|found| !found.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

pub fn port(listen: SocketAddr, is_running: bool) -> Finding {
    match TcpListener::bind(listen) {
        Ok(_) => Finding::ok("port", format!("{listen} is free")),
        Err(_) if is_running => Finding::ok("port", format!("{listen} is in use by a belfry server")),
        Err(error) => Finding::fail(
            "port",
            format!("cannot listen on {listen}: {error}"),
            "choose another address with --listen",
        ),
    }
}

pub fn shell() -> Finding {
    match Command::new("sh").args(["-c", "exit 0"]).status() {
        Ok(status) if status.success() => Finding::ok("shell", "sh runs"),
        Ok(status) => Finding::fail("shell", format!("sh failed: {status}"), "repair /bin/sh"),
        Err(error) => {
            let advice = "commands given as a string need sh on PATH; commands given as a list do not";
            Finding::warn("shell", format!("cannot run sh: {error}"), advice)
        }
    }
}

/// Checks the clock. A machine without a clock battery begins at the epoch, which is before this
/// program was built.
pub fn clock() -> Finding {
    let now = Utc::now();
    let built: DateTime<Utc> = DateTime::from_timestamp(1_750_000_000, 0).unwrap_or_default();
    if now < built {
        let detail = format!("the clock says {}, which is before this program was built", time::utc(now));
        return Finding::fail("clock", detail, "set the clock, and run an NTP client");
    }
    let synchronised = Path::new("/run/systemd/timesync/synchronized").exists() || has_ntp_process();
    let detail = now.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    if synchronised || !cfg!(target_os = "linux") {
        return Finding::ok("clock", detail);
    }
    let advice = "jobs start by this clock; keep it synchronised (in a container, the host does)";
    Finding::warn("clock", format!("{detail}; no NTP client was found"), advice)
}

fn has_ntp_process() -> bool {
    const CLIENTS: [&str; 4] = ["chronyd", "ntpd", "ntpsec", "systemd-timesyn"];
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let names =
        processes.flatten().filter_map(|process| fs::read_to_string(process.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).any(|name| CLIENTS.contains(&name.as_str()))
}

pub fn time_zones() -> Finding {
    const CHECK: &str = "time zones";
    let newest = zones::newest();
    let data = format!(
        "zone data {} (compiled in {}, {})",
        newest.release(),
        ZoneData::bundled().release(),
        zones::system()
    );
    let local = iana_time_zone::get_timezone().unwrap_or_else(|_| "UTC".to_owned());
    if newest.zone(&local).is_some() {
        return Finding::ok(
            CHECK,
            format!("{data}; the zone of this machine is {local}, jobs without `timezone` use UTC"),
        );
    }
    let advice = "set the IANA name of the zone in the field `timezone` of jobs";
    Finding::warn(CHECK, format!("{data}; the zone of this machine, {local}, is not an IANA zone"), advice)
}

/// Checks the server. Returns also whether a belfry answers at all.
pub async fn server(global: &Global) -> (Finding, bool) {
    const CHECK: &str = "server";
    let answer = match global.client() {
        Err(error) => return (Finding::fail(CHECK, error.to_string(), "correct --url"), false),
        Ok(client) => client.send(Call::get(["v1", "health"])).await,
    };
    match answer {
        Ok(health) => {
            let detail = format!(
                "{} at {}, {}, zone data {}",
                plain(&health["version"]),
                global.url,
                plain(&health["role"]),
                health["zone_data"].as_str().unwrap_or("not yet in force")
            );
            if health["version"] == env!("CARGO_PKG_VERSION") {
                return (Finding::ok(CHECK, detail), true);
            }
            (Finding::warn(CHECK, detail, "the server has another version than this program"), true)
        }
        Err(CliError::Unreachable { url, why }) => (
            Finding::warn(
                CHECK,
                format!("no server at {url}: {why}"),
                "start a server with `belfry up`, or set --url",
            ),
            false,
        ),
        Err(error @ CliError::NotBelfry { .. }) => {
            (Finding::fail(CHECK, error.to_string(), "correct --url"), false)
        }
        Err(error) => (Finding::fail(CHECK, error.to_string(), "see the log of the server"), true),
    }
}
