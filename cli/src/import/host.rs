//! Host that a crontab is on, as far as crontabs rely on it: user, homes, programs, PATH and time zone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use super::zone::{self, Zone};

const DEFAULT_PATH: &str = "/usr/bin:/bin";
const PROGRAMS: [&str; 6] = ["usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin"];

#[derive(Debug, Clone)]
pub struct Host {
    /// User that Belfry runs as.
    pub user: String,
    /// Home directories by user.
    pub homes: BTreeMap<String, String>,
    /// Programs that can be called by name.
    pub programs: BTreeSet<String>,
    /// PATH of commands whose crontab sets none.
    pub path: String,
    /// Zone of cron's schedules where a crontab names none, or the reason why it is not known.
    pub timezone: Result<Zone, String>,
}

impl Host {
    /// Host of this process, with the user that runs it.
    pub fn this() -> Self {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let uid = effective_uid();
        let user = passwd
            .lines()
            .map(fields)
            .find(|fields| uid.is_some() && fields.get(2).copied() == uid.as_deref());
        let user = user.and_then(|fields| fields.first().map(|name| (*name).to_owned()));
        let root = Path::new("/");
        let own_zone = std::env::var("TZ").ok();
        Self {
            user: user.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "root".to_owned()),
            homes: passwd.lines().map(fields).filter_map(|fields| home(&fields)).collect(),
            programs: PROGRAMS.iter().flat_map(|folder| names(&root.join(folder))).collect(),
            path: path(&fs::read_to_string("/etc/environment").unwrap_or_default()),
            timezone: zone::of_host(root, own_zone.as_deref()),
        }
    }

    pub fn home(&self, user: &str) -> Option<&str> {
        self.homes.get(user).map(String::as_str)
    }
}

/// Reason why cron ignores a file in `/etc`: others than root could have written it.
pub fn distrust(path: &Path) -> Option<&'static str> {
    let file = fs::metadata(path).ok().filter(|_| path.starts_with("/etc"))?;
    distrust_file(file.uid(), file.mode())
}

fn distrust_file(owner: u32, mode: u32) -> Option<&'static str> {
    match (owner, mode & 0o022) {
        (0, 0) => None,
        (0, _) => Some("cron ignores the file: other users than its owner may write it"),
        _ => Some("cron ignores the file: root does not own it"),
    }
}

fn fields(line: &str) -> Vec<&str> {
    line.split(':').collect()
}

fn home(fields: &[&str]) -> Option<(String, String)> {
    Some(((*fields.first()?).to_owned(), (*fields.get(5)?).to_owned()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// PATH from `/etc/environment`, which PAM passes to cron's commands.
fn path(environment: &str) -> String {
    let named = environment.lines().find_map(|line| line.trim().strip_prefix("PATH="));
    let path = named.map(|value| value.trim_matches(['"', '\''])).filter(|value| !value.is_empty());
    path.unwrap_or(DEFAULT_PATH).to_owned()
}

/// Effective user id, as the kernel's files show it, so that no system call is needed for it.
fn effective_uid() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{distrust_file, path};

    /// Checks the rules of Debian's cron(8) and `database.c`.
    #[test]
    fn files_that_others_can_write_are_not_trusted() {
        assert_eq!(distrust_file(0, 0o100_644), None);
        assert!(distrust_file(0, 0o100_664).is_some_and(|reason| reason.contains("may write")));
        assert!(distrust_file(1000, 0o100_644).is_some_and(|reason| reason.contains("root does not own it")));
    }

    #[test]
    fn the_path_of_commands() {
        assert_eq!(path(""), "/usr/bin:/bin");
        assert_eq!(path("LANG=C\nPATH=\"/opt/bin:/bin\"\n"), "/opt/bin:/bin");
    }
}
