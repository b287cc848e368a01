//! Flavours of crontabs. System crontabs have a user column, user crontabs have none, and no mark tells
//! which. The place of a file decides; failing that, its words do where they all agree.

use std::path::{Component, Path};

use super::lines::{Line, read, split_words};
use crate::import::Host;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    System,
    User,
    /// Crontab with days, a delay and a name instead of a time.
    Anacron,
}

/// Kind that a file is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub flavour: Flavour,
    /// User that the file belongs to, by its name.
    pub owner: Option<String>,
    pub why: &'static str,
}

/// Reason why nothing in a file becomes a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoKind {
    /// The file is ignored by cron.
    Ignored(&'static str),
    Unclear(&'static str),
}

const NAME: &str = "cron ignores files in cron.d whose names contain other characters than letters, digits, underscores and hyphens";
const HIDDEN: &str = "cron ignores the file: its name is not the name of a user";
const SCRIPT: &str = "is a program that run-parts starts, not a crontab";
const SOME: &str = "the sixth word is a user in some lines and a program in others; give --system or --user";
const NONE: &str = "the sixth word of the lines may be a user or part of the command; give --system if it is a user, \
                    else --user";
/// Accounts that Debian has, or that its packages create.
const ACCOUNTS: [&str; 30] = [
    "root",
    "daemon",
    "bin",
    "sys",
    "sync",
    "games",
    "man",
    "lp",
    "mail",
    "news",
    "uucp",
    "proxy",
    "www-data",
    "backup",
    "list",
    "irc",
    "nobody",
    "nginx",
    "apache",
    "postgres",
    "mysql",
    "redis",
    "git",
    "munin",
    "logcheck",
    "amavis",
    "smmsp",
    "debian-tor",
    "mailman",
    "ntpsec",
];
/// Words that a shell knows without a file.
const SHELL_WORDS: [&str; 20] = [
    "cd", "test", "if", "for", "while", "until", "case", "exec", "eval", "export", "set", "source", "umask",
    "ulimit", "echo", "printf", "true", "false", "command", "time",
];

pub fn detect(file: &str, text: &str, host: &Host) -> Result<Kind, NoKind> {
    match by_place(Path::new(file)) {
        Some(kind) => kind,
        None => by_words(text, host),
    }
}

fn by_place(path: &Path) -> Option<Result<Kind, NoKind>> {
    let names: Vec<&str> = path.components().filter_map(name).collect();
    let [before @ .., name] = names.as_slice() else { return None };
    let name = *name;
    let kind = |flavour, owner: Option<&str>, why| Kind { flavour, owner: owner.map(str::to_owned), why };
    Some(match before {
        [.., "cron.d"] if !is_read_by_cron(name) => Err(NoKind::Ignored(NAME)),
        [.., "cron.d"] => Ok(kind(Flavour::System, None, "it is in cron.d")),
        [.., "etc"] if name == "crontab" => Ok(kind(Flavour::System, None, "it is etc/crontab")),
        _ if name == "anacrontab" => Ok(kind(Flavour::Anacron, None, "its name is anacrontab")),
        [.., "cron", "crontabs" | "tabs"] | [.., "spool", "cron"]
            if name.starts_with('.') || name.contains("tmp.") =>
        {
            Err(NoKind::Ignored(HIDDEN))
        }
        [.., "cron", "crontabs" | "tabs"] | [.., "spool", "cron"] => {
            Ok(kind(Flavour::User, Some(name), "its directory holds the crontabs of users"))
        }
        [.., "cron.hourly" | "cron.daily" | "cron.weekly" | "cron.monthly" | "cron.yearly"] => {
            Err(NoKind::Unclear(SCRIPT))
        }
        _ => return None,
    })
}

fn name(component: Component<'_>) -> Option<&str> {
    match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

/// Whether cron reads a file of this name: Debian's rule, which is that of run-parts.
fn is_read_by_cron(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[derive(PartialEq, Eq)]
enum Word {
    User,
    Program,
    Either,
}

fn by_words(text: &str, host: &Host) -> Result<Kind, NoKind> {
    let words: Vec<Word> =
        text.lines().filter_map(rest_of_entry).map(|rest| sixth_word(rest, host)).collect();
    let (users, programs) = (words.contains(&Word::User), words.contains(&Word::Program));
    let kind = |flavour, why| Ok(Kind { flavour, owner: None, why });
    match (users, programs) {
        (true, true) => Err(NoKind::Unclear(SOME)),
        (true, false) => kind(Flavour::System, "the sixth word of its lines is a user"),
        (false, true) => kind(Flavour::User, "the sixth word of its lines begins a command"),
        (false, false) if words.is_empty() => kind(Flavour::User, "it has no entries"),
        (false, false) => Err(NoKind::Unclear(NONE)),
    }
}

fn sixth_word(rest: &str, host: &Host) -> Word {
    let (words, command) = split_words(rest, 1);
    let word = words.first().copied().unwrap_or_default();
    let may_be_user = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    // No command begins with an option, or with what stands between commands.
    if !may_be_user || command.is_empty() || command.starts_with(['-', '<', '>', '|', '&', ';']) {
        return Word::Program;
    }
    let is_user = host.homes.contains_key(word) || ACCOUNTS.contains(&word);
    let is_program = host.programs.contains(word) || SHELL_WORDS.contains(&word);
    match (is_user, is_program) {
        (true, false) => Word::User,
        (false, true) => Word::Program,
        _ => Word::Either,
    }
}

fn rest_of_entry(line: &str) -> Option<&str> {
    match read(line) {
        Line::Entry { rest, .. } => Some(rest),
        _ => None,
    }
}
