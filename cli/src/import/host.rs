//! What a crontab takes for granted about the machine that it is on.

use std::{collections::BTreeMap, fs};

#[derive(Debug, Clone)]
pub struct Host {
    /// Who belfry runs as.
    pub user: String,
    /// Home directories by user.
    pub homes: BTreeMap<String, String>,
    /// What cron reads its schedules in, where a crontab says nothing.
    pub timezone: String,
}

impl Host {
    /// This machine, and who runs this.
    pub fn this() -> Self {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let uid = effective_uid();
        let user = passwd
            .lines()
            .map(fields)
            .find(|fields| uid.is_some() && fields.get(2).copied() == uid.as_deref());
        let user = user.and_then(|fields| fields.first().map(|name| (*name).to_owned()));
        Self {
            user: user.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "root".to_owned()),
            homes: passwd.lines().map(fields).filter_map(|fields| home(&fields)).collect(),
            timezone: iana_time_zone::get_timezone().unwrap_or_else(|_| "UTC".to_owned()),
        }
    }

    pub fn home(&self, user: &str) -> Option<&str> {
        self.homes.get(user).map(String::as_str)
    }
}

fn fields(line: &str) -> Vec<&str> {
    line.split(':').collect()
}

fn home(fields: &[&str]) -> Option<(String, String)> {
    Some(((*fields.first()?).to_owned(), (*fields.get(5)?).to_owned()))
}

/// As the kernel tells it; nothing else in this process needs a system call for it.
fn effective_uid() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}
