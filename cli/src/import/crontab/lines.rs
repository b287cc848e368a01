//! Lines of a crontab, as Debian's cron distinguishes them.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// Empty line, or the text of a comment.
    Comment(&'a str),
    Variable {
        name: String,
        value: String,
    },
    Entry {
        schedule: String,
        /// Command. In a system crontab the user precedes it.
        rest: &'a str,
    },
    /// Line that is neither a comment, a variable nor an entry.
    Broken,
}

/// Characters that separate fields. cron knows no other white space.
pub(super) const BLANK: [char; 2] = [' ', '\t'];

pub fn read(line: &str) -> Line<'_> {
    let text = line.trim_start_matches(BLANK).trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Line::Comment("");
    }
    if let Some(comment) = text.strip_prefix('#') {
        return Line::Comment(comment.trim());
    }
    if let Some((name, value)) = variable(text) {
        return Line::Variable { name, value };
    }
    let fields = if text.starts_with('@') { 1 } else { 5 };
    match split_words(text, fields) {
        (words, rest) if words.len() == fields && !rest.is_empty() => {
            Line::Entry { schedule: words.join(" "), rest: rest.trim_end_matches(BLANK) }
        }
        _ => Line::Broken,
    }
}

/// First `count` words, and the text behind them.
pub fn split_words(text: &str, count: usize) -> (Vec<&str>, &str) {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(BLANK);
    while words.len() < count && !rest.is_empty() {
        let (word, behind) = rest.split_once(BLANK).unwrap_or((rest, ""));
        words.push(word);
        rest = behind.trim_start_matches(BLANK);
    }
    (words, rest)
}

/// Variable `name = value`. Either may be quoted, blanks around the sign don't count, and there is
/// nothing after a quoted value. Nothing in it is expanded.
fn variable(text: &str) -> Option<(String, String)> {
    let (name, rest) = quoted(text).or_else(|| {
        let end = text.find(['=', ' ', '\t'])?;
        Some((&text[..end], &text[end..]))
    })?;
    let value = rest.trim_start_matches(BLANK).strip_prefix('=')?.trim_matches(BLANK);
    if name.is_empty() {
        return None;
    }
    let value = match quoted(value) {
        Some((inside, "")) => inside,
        // cron refuses such a line; it is no entry either.
        Some(_) => return None,
        None => value,
    };
    Some((name.to_owned(), value.to_owned()))
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn var(text: &str) -> Option<(String, String)> {
        match read(text) {
            Line::Variable { name, value } => Some((name, value)),
            _ => None,
        }
    }

    #[test]
    fn variables_with_quotes_and_blanks() {
        for (text, name, value) in [
            ("SHELL=/bin/sh", "SHELL", "/bin/sh"),
            ("  A = b c  ", "A", "b c"),
            ("A=\" b \"", "A", " b "),
            ("A=' b '", "A", " b "),
            ("\"A B\" = c", "A B", "c"),
            ("MAILTO=\"\"", "MAILTO", ""),
            ("MAILTO=", "MAILTO", ""),
            ("A=b=c # d", "A", "b=c # d"),
        ] {
            assert_eq!(var(text), Some((name.to_owned(), value.to_owned())), "{text}");
        }
        assert_eq!(var("0 0 * * * A=b c"), None);
        assert_eq!(var("A=\"b\" c"), None);
    }

    #[test]
    fn entries_and_the_rest() {
        let entry = |schedule: &str, rest| Line::Entry { schedule: schedule.to_owned(), rest };
        assert_eq!(read("*/5 *\t* * *  root  a  b "), entry("*/5 * * * *", "root  a  b"));
        assert_eq!(read("@daily x"), entry("@daily", "x"));
        assert_eq!(read("  # note "), Line::Comment("note"));
        assert_eq!(read("\t\r"), Line::Comment(""));
        for broken in ["* * * * *", "@daily", "hello", "A=\"b\" c"] {
            assert_eq!(read(broken), Line::Broken, "{broken}");
        }
    }
}
