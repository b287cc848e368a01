//! Argument vectors from `ExecStart=` and similar settings, as systemd reads them: without a shell.

use std::collections::BTreeMap;

/// Command, and whether its failure is ignored.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub words: Vec<String>,
    pub may_fail: bool,
}

/// Names that words may refer to.
pub struct Names<'a> {
    pub variables: &'a BTreeMap<String, String>,
    /// Name of the unit, without its suffix.
    pub unit: &'a str,
}

pub fn read(line: &str, names: &Names) -> Result<Command, String> {
    let command = line.trim_start_matches(['-', ':']);
    let prefix = &line[..line.len() - command.len()];
    if let Some(other) = command.chars().next().filter(|c| matches!(c, '@' | '+' | '!' | '|')) {
        return Err(format!("{line}: belfry does not support {other} before a command"));
    }
    let words = if prefix.contains(':') { words(command)? } else { expanded(words(command)?, names)? };
    let words = words.into_iter().map(|word| specifiers(&word, names)).collect::<Result<Vec<_>, _>>()?;
    if words.is_empty() {
        return Err(format!("{line}: is not a command"));
    }
    Ok(Command { words, may_fail: prefix.contains('-') })
}

/// Words between white space, with quotes and C's escapes.
///
/// # Errors
/// A quote is open, or an escape is unknown.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut characters = text.chars().peekable();
    while characters.next_if(char::is_ascii_whitespace).is_some() || characters.peek().is_some() {
        let mut word = String::new();
        let mut is_word = false;
        let mut quote = None;
        while let Some(c) = characters.next_if(|c| quote.is_some() || !c.is_ascii_whitespace()) {
            is_word = true;
            match c {
                '\\' => word.push(escaped(&mut characters, text)?),
                '"' | '\'' if quote == Some(c) => quote = None,
                '"' | '\'' if quote.is_none() && word.is_empty() => quote = Some(c),
                _ => word.push(c),
            }
        }
        if quote.is_some() {
            return Err(format!("{text}: a quote is not closed"));
        }
        if word == ";" {
            return Err(format!(
                "{text}: has several commands separated by ;, give each command its own line"
            ));
        }
        if is_word {
            words.push(word);
        }
    }
    Ok(words)
}

fn escaped(characters: &mut impl Iterator<Item = char>, text: &str) -> Result<char, String> {
    match characters.next() {
        Some('n') => Ok('\n'),
        Some('t') => Ok('\t'),
        Some('s') => Ok(' '),
        Some(c @ ('\\' | '"' | '\'' | ';')) => Ok(c),
        _ => Err(format!("{text}: has an escape that belfry does not support")),
    }
}

/// Expands `${NAME}` anywhere, `$NAME` as a word of its own, which is split, and `$$` as a dollar sign.
fn expanded(words: Vec<String>, names: &Names) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for word in words {
        let name = word.strip_prefix('$').filter(|name| is_name(name));
        match name {
            Some(name) => out.extend(value(name, names)?.split_ascii_whitespace().map(str::to_owned)),
            None => out.push(with_braces(&word, names)?),
        }
    }
    Ok(out)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn value<'a>(name: &str, names: &'a Names) -> Result<&'a str, String> {
    let value = names.variables.get(name).map(String::as_str);
    value.ok_or_else(|| format!("${name} is in the command, and its value is not in the unit"))
}

fn with_braces(word: &str, names: &Names) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some((name, behind)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            out.push_str(value(name, names)?);
            rest = behind;
        } else {
            out.push('$');
        }
    }
    Ok(out + rest)
}

fn specifiers(word: &str, names: &Names) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = word.chars();
    while let Some(c) = characters.next() {
        match (c, if c == '%' { characters.next() } else { None }) {
            ('%', Some('%')) => out.push('%'),
            ('%', Some('n')) => out.extend([names.unit, ".service"]),
            ('%', Some('N' | 'p')) => out.push_str(names.unit),
            ('%', other) => return Err(format!("{word}: belfry does not support %{}", other.unwrap_or(' '))),
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// Argument vector that runs several commands one after another, each word unchanged. The first failure
/// ends it.
pub fn in_a_row(commands: Vec<Command>) -> Vec<String> {
    if let [Command { may_fail: false, .. }] = commands[..] {
        return commands.into_iter().flat_map(|command| command.words).collect();
    }
    let script = commands.iter().map(|Command { words, may_fail }| {
        let words = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        if *may_fail { format!("{{ {words} || :; }}") } else { words }
    });
    vec!["/bin/sh".to_owned(), "-c".to_owned(), script.collect::<Vec<_>>().join(" && ")]
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_systemd_reads_them() {
        let variables = BTreeMap::from([("A".to_owned(), "x  y".to_owned())]);
        let names = Names { variables: &variables, unit: "u" };
        for (line, expected) in [
            ("/bin/x  a 'b c' \"d\\\"e\"", &["/bin/x", "a", "b c", "d\"e"][..]),
            ("/bin/x $A ${A}b $$A %n %%", &["/bin/x", "x", "y", "x  yb", "$A", "u.service", "%"]),
            ("/bin/sh -c 'a; b' it's", &["/bin/sh", "-c", "a; b", "it's"]),
            ("/bin/x '' a\\sb c$Ad", &["/bin/x", "", "a b", "c$Ad"]),
        ] {
            let read = read(line, &names).unwrap();
            assert_eq!(
                (read.words, read.may_fail),
                (expected.iter().map(ToString::to_string).collect(), false)
            );
        }
        for line in ["+/x", "@/x y", "/x $B", "/x ${B}", "/x %i", "/x 'a", "/x a ; /y", "/x \\q", "-", ""] {
            assert!(read(line, &names).is_err(), "{line}");
        }
    }

    #[test]
    fn several_in_a_row() {
        let command = |text: &str, may_fail| Command { words: words(text).unwrap(), may_fail };
        assert_eq!(in_a_row(vec![command("/x a", false)]), ["/x", "a"]);
        let all = in_a_row(vec![command("/x \"it's\"", true), command("/y", false)]);
        assert_eq!(all, ["/bin/sh", "-c", "{ /x 'it'\\''s' || :; } && /y"]);
    }
}
