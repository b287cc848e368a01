//! Names for jobs that had none, derived from the command, so that every import gives the same names.

/// Words that may stand before the name of a program in a command line.
const PREFIXES: [&str; 19] = [
    "!", "do", "elif", "else", "env", "eval", "exec", "if", "ionice", "nice", "nohup", "setsid", "then",
    "time", "until", "while", "done", "fi", "esac",
];
/// Commands that never name a job, because they only test, print or prepare something.
const NOT_PROGRAMS: [&str; 19] = [
    ".", ":", "[", "[[", "case", "cd", "command", "echo", "exit", "export", "for", "mkdir", "printf", "set",
    "sleep", "test", "true", "umask", "false",
];
/// Programs whose first operand names the program that they run.
const STARTERS: [&str; 14] = [
    "bash",
    "chronic",
    "dash",
    "flock",
    "node",
    "perl",
    "php",
    "python",
    "python3",
    "ruby",
    "run-parts",
    "sh",
    "sudo",
    "timeout",
];
const MAX_CHARACTERS: usize = 80;

/// Name such as `sysstat-debian-sa1`, for a command in `/etc/cron.d/sysstat`. Without `group` it is the
/// program alone.
pub fn base(command: &str, group: Option<&str>) -> String {
    let program = clean(&program(command).unwrap_or_default());
    let group = group.map(clean).unwrap_or_default();
    let name = match (group.as_str(), program.as_str()) {
        ("", "") => "cron".to_owned(),
        ("", name) | (name, "") => name.to_owned(),
        (group, program) if program.starts_with(group) => program.to_owned(),
        (group, program) => format!("{group}-{program}"),
    };
    name.chars().take(MAX_CHARACTERS).collect()
}

/// Unique name. The first job keeps its name, so that a second like it does not rename a job that
/// exists already.
pub fn unique(base: &str, fingerprint: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(base) {
        return base.to_owned();
    }
    let hashed = format!("{base}-{:04x}", hash(fingerprint) & 0xffff);
    let numbered = (2..).map(|number| format!("{hashed}-{number}"));
    std::iter::once(hashed.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(hashed)
}

fn program(command: &str) -> Option<String> {
    let outer = outer(command);
    let named =
        outer.split(['|', '&', ';', '\n', '(', ')', '{', '}']).find_map(|part| program_of_part(&words(part)));
    // Better than no name: what it begins with.
    named.or_else(|| words(&outer).first().map(|word| base_name(word).to_owned()))
}

/// Line without text in quotes or `$(…)`, and without redirections: the rest is the line's own
/// commands.
fn outer(command: &str) -> String {
    let mut out = String::new();
    let text = command.replace("$(", "\u{1}").replace("2>&1", "").replace("&>", ">");
    let mut characters = text.chars();
    let mut depth = 0;
    while let Some(character) = characters.next() {
        match character {
            '\u{1}' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            '\'' => drop(characters.by_ref().find(|next| *next == '\'')),
            _ if depth == 0 => out.push(character),
            _ => {}
        }
    }
    out
}

/// Words of a part. A redirection is dropped together with its file.
fn words(part: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = part.split_whitespace();
    while let Some(word) = rest.next() {
        let operator = word.trim_start_matches(|c: char| c.is_ascii_digit());
        match operator.trim_start_matches(['<', '>']) {
            "" if operator != word || !operator.is_empty() => drop(rest.next()),
            file if file.len() < operator.len() => {}
            _ => words.push(word.trim_matches(['"', '\''])),
        }
    }
    words
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').find(|part| !part.is_empty()).unwrap_or(word)
}

fn program_of_part(words: &[&str]) -> Option<String> {
    let mut rest = words.iter().copied();
    while let Some(word) = rest.next() {
        let name = base_name(word);
        match name {
            _ if NOT_PROGRAMS.contains(&name) => return None,
            _ if is_noise(word, name) => {}
            _ if STARTERS.contains(&name) => return operand(rest),
            _ => return Some(name.to_owned()),
        }
    }
    None
}

fn is_noise(word: &str, name: &str) -> bool {
    word.starts_with('-') || name.starts_with('$') || word.contains('=') || PREFIXES.contains(&name)
}

/// First operand. A program that is given as text (`perl -e …`) has no name.
fn operand<'a>(rest: impl Iterator<Item = &'a str>) -> Option<String> {
    for word in rest {
        match word {
            "-c" | "-e" | "-r" => return None,
            _ if word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit()) => {}
            _ => return Some(base_name(word).to_owned()),
        }
    }
    None
}

fn clean(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mapped: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    mapped.trim_matches(['-', '.']).to_owned()
}

/// Hash (FNV-1a) that is equal on all machines and in all versions.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_that_does_the_work() {
        for (command, name) in [
            ("/usr/local/bin/backup.sh --full", "backup.sh"),
            ("command -v debian-sa1 > /dev/null && debian-sa1 1 1", "debian-sa1"),
            (
                "[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run ]; then /usr/lib/php/sessionclean; fi",
                "sessionclean",
            ),
            ("test -x /usr/bin/certbot && perl -e 'sleep int(rand(9))' && certbot -q renew", "certbot"),
            ("cd / && run-parts --report /etc/cron.hourly", "cron.hourly"),
            ("test -e /run/systemd/system || SERVICE_MODE=1 /sbin/e2scrub_all -A -r", "e2scrub_all"),
            ("if [ -x /usr/sbin/logcheck ]; then nice -n10 /usr/sbin/logcheck; fi", "logcheck"),
            ("/usr/bin/python3 /opt/report.py > /dev/null 2>&1", "report.py"),
            ("echo hello", "echo"),
            ("$HOME/bin/daily.job >> $HOME/tmp/out 2>&1", "daily.job"),
            ("test $(date +%u) -eq 6 && /opt/second-saturday", "second-saturday"),
            (
                "d=$({ cat /etc/x || true; } | tail -1); if [ -d \"$d\" ]; then find \"$d\" -delete; fi",
                "find",
            ),
            ("2>/dev/null 7z x", "7z"),
            ("flock -n /run/x.lock /opt/x", "x.lock"),
            ("", "cron"),
        ] {
            assert_eq!(base(command, None), name, "{command}");
        }
    }

    #[test]
    fn the_file_groups_its_jobs() {
        assert_eq!(base("debian-sa1 1 1", Some("sysstat")), "sysstat-debian-sa1");
        assert_eq!(base("certbot -q renew", Some("certbot")), "certbot");
        assert_eq!(base("echo x", Some("my app")), "my-app-echo");
    }

    #[test]
    fn names_are_unique_and_the_first_keeps_its_own() {
        let mut names: Vec<String> = Vec::new();
        for fingerprint in ["a", "b", "b"] {
            let name = unique("x", fingerprint, |name| names.iter().any(|taken| taken == name));
            names.push(name);
        }
        assert_eq!(names[0], "x");
        assert!(names[1].starts_with("x-") && names[2] == format!("{}-2", names[1]));
    }
}
