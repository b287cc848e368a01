//! Percent signs in a command, as Debian's cron reads them: the first `%` ends the command; the text
//! behind it is the standard input, in which each further `%` is the end of a line. `\%` is a percent
//! sign.

/// Command, and its standard input where it has any.
pub fn split(text: &str) -> (String, Option<String>) {
    let mut command = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => return (command, Some(input(characters.as_str()))),
            '\\' => escaped(&mut command, characters.next()),
            _ => command.push(character),
        }
    }
    (command, None)
}

fn input(text: &str) -> String {
    let mut input = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => input.push('\n'),
            '\\' => escaped(&mut input, characters.next()),
            _ => input.push(character),
        }
    }
    if !input.is_empty() && !input.ends_with('\n') {
        input.push('\n');
    }
    input
}

/// Writes an escaped character. The backslash is dropped only before a percent sign; before all others
/// it belongs to the shell.
fn escaped(out: &mut String, next: Option<char>) {
    if next != Some('%') {
        out.push('\\');
    }
    out.extend(next);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_inputs() {
        let text = |text: &str| Some(text.to_owned());
        for (line, command, input) in [
            ("date +\\%d", "date +%d", None),
            ("cat%hello%world", "cat", text("hello\nworld\n")),
            ("mail -s x root%a\\%b%", "mail -s x root", text("a%b\n")),
            ("cat%", "cat", text("")),
            ("a \\\\% b", "a \\\\", text(" b\n")),
            ("grep '\\.x$' \\", "grep '\\.x$' \\", None),
        ] {
            assert_eq!(split(line), (command.to_owned(), input), "{line}");
        }
    }
}
