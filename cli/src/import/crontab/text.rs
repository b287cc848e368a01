//! Lines of a crontab from its bytes. cron reads bytes; a job's command is text.

use super::lines::BLANK;

/// Line in a form that people can read, and its text, or the reason why it can't be read.
pub(super) struct Row<'a> {
    pub number: usize,
    pub shown: String,
    pub text: Result<&'a str, String>,
}

const MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) struct Text<'a> {
    pub rows: Vec<Row<'a>>,
    /// Remarks about the whole file.
    pub remarks: Vec<&'static str>,
}

impl<'a> Text<'a> {
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut remarks = Vec::new();
        let bytes = match bytes.strip_prefix(MARK) {
            Some(rest) => {
                remarks.push(
                    "begins with a byte order mark, which cron reads as part of the first line; belfry removes it",
                );
                rest
            }
            None => bytes,
        };
        if bytes.last().is_some_and(|last| *last != b'\n') {
            remarks.push("the last line has no line end; Debian's cron ignores such a file, belfry reads it");
        }
        if bytes.windows(2).any(|pair| pair == b"\r\n") {
            remarks.push(
                "the lines end with carriage returns, which cron passes to the commands; belfry removes them",
            );
        }
        let lines = bytes.split(|byte| *byte == b'\n');
        Self { rows: lines.enumerate().map(|(index, line)| row(index + 1, line)).collect(), remarks }
    }

    /// Lines that can be read.
    pub fn readable(&self) -> String {
        let lines: Vec<&str> = self.rows.iter().filter_map(|row| row.text.as_deref().ok()).collect();
        lines.join("\n")
    }
}

fn row(number: usize, line: &[u8]) -> Row<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let shown = String::from_utf8_lossy(line).trim_matches(BLANK).to_owned();
    let text = match str::from_utf8(line) {
        Ok(text) if text.contains('\0') => Err("has a NUL byte, which a command cannot contain".to_owned()),
        Ok(text) => Ok(text),
        Err(error) => {
            let byte = error.valid_up_to() + 1;
            Err(format!("byte {byte} of the line is not UTF-8; write the line in UTF-8"))
        }
    };
    Row { number, shown, text }
}
