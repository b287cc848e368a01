//! Output of commands, for people and for programs.

pub mod moment;
pub mod table;
pub mod time;

use std::io::{self, Write};

use serde_json::Value;

/// Prints a line to standard output.
///
/// # Errors
/// The output is closed.
pub fn line(text: impl AsRef<str>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref().as_bytes())?;
    out.write_all(b"\n")
}

pub fn json(value: &Value) -> io::Result<()> {
    line(format!("{value:#}"))
}

/// Text of a JSON value for a cell or a line: without quotes, and empty for null.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text in one line, of at most `width` characters.
pub fn short(text: &str, width: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= width {
        return line;
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_by_characters() {
        assert_eq!(short("a  b\nc", 10), "a b c");
        assert_eq!(short("äöüß", 3), "äö…");
    }
}
