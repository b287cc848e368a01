//! System crontabs have a user column, user crontabs have none, and nothing in them tells which.

use std::path::Path;

use super::lines::{Line, read, split_words};
use crate::import::Host;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    System,
    User,
}

/// By where the file is; failing that, it is a system crontab if every sixth word is a user of this
/// host with a command after it.
pub fn detect(file: &str, text: &str, host: &Host) -> Flavour {
    let path = Path::new(file);
    let parent = path.parent().and_then(Path::file_name);
    if file == "/etc/crontab" || parent.is_some_and(|name| name == "cron.d") {
        return Flavour::System;
    }
    if parent.is_some_and(|name| name == "crontabs") && file.starts_with("/var/spool/cron") {
        return Flavour::User;
    }
    let entries: Vec<&str> = text.lines().filter_map(rest_of_entry).collect();
    let begins_with_user = |rest: &&str| {
        let (words, command) = split_words(rest, 1);
        !command.is_empty() && words.first().is_some_and(|user| host.homes.contains_key(*user))
    };
    if !entries.is_empty() && entries.iter().all(begins_with_user) { Flavour::System } else { Flavour::User }
}

fn rest_of_entry(line: &str) -> Option<&str> {
    match read(line) {
        Line::Entry { rest, .. } => Some(rest),
        _ => None,
    }
}
