//! Names for jobs that had none: from the command, the same each time it is imported.

/// A shell's own words, and programs that only start or test something.
const NOT_NAMES: [&str; 38] = [
    "!", "(", ".", ":", "[", "[[", "{", "}", "case", "cd", "command", "do", "done", "echo", "elif", "else",
    "env", "eval", "exec", "exit", "export", "fi", "for", "if", "ionice", "mkdir", "nice", "nohup", "printf",
    "set", "setsid", "sleep", "test", "then", "true", "umask", "until", "while",
];
/// Their first operand says what they run.
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

/// `sysstat-debian-sa1` for a command in `/etc/cron.d/sysstat`; without `group`, the program alone.
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

/// The first keeps its name, so that a second like it does not rename a job that is there already.
pub fn unique(base: &str, fingerprint: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(base) {
        return base.to_owned();
    }
    let hashed = format!("{base}-{:04x}", hash(fingerprint) & 0xffff);
    let numbered = (2..).map(|number| format!("{hashed}-{number}"));
    std::iter::once(hashed.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(hashed)
}

fn program(command: &str) -> Option<String> {
    let parts = command.split(['|', '&', ';', '\n', '(', ')', '{', '}']);
    parts.filter_map(|part| program_of_part(&words(part))).next()
}

fn words(part: &str) -> Vec<&str> {
    part.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect()
}

fn program_of_part(words: &[&str]) -> Option<String> {
    let mut rest = words.iter().copied();
    while let Some(word) = rest.next() {
        let name = word.rsplit('/').next().unwrap_or(word);
        match name {
            "test" | "[" | "[[" | "cd" | "command" | "echo" | "sleep" | "for" | "case" | "mkdir"
            | "printf" => return None,
            _ if is_noise(word, name) => {}
            _ if STARTERS.contains(&name) => return operand(rest),
            _ => return Some(name.to_owned()),
        }
    }
    None
}

fn is_noise(word: &str, name: &str) -> bool {
    name.is_empty()
        || word.starts_with(['-', '<', '>', '$', '2'])
        || word.contains('=')
        || NOT_NAMES.contains(&name)
}

/// A program given as text (`perl -e …`) has no name.
fn operand<'a>(rest: impl Iterator<Item = &'a str>) -> Option<String> {
    for word in rest {
        match word {
            "-c" | "-e" | "-r" => return None,
            _ if word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit()) => {}
            _ => return word.rsplit('/').find(|part| !part.is_empty()).map(str::to_owned),
        }
    }
    None
}

fn clean(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mapped: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    mapped.trim_matches(['-', '.']).to_owned()
}

/// FNV-1a: the same on every machine and in every version.
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
            ("flock -n /run/x.lock", "x.lock"),
            ("echo hello", "cron"),
            ("", "cron"),
        ] {
            assert_eq!(base(command, None), name, "{command}");
        }
    }

    #[test]
    fn the_file_groups_its_jobs() {
        assert_eq!(base("debian-sa1 1 1", Some("sysstat")), "sysstat-debian-sa1");
        assert_eq!(base("certbot -q renew", Some("certbot")), "certbot");
        assert_eq!(base("echo x", Some("my app")), "my-app");
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
