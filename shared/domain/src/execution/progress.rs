//! Progress that a running attempt reports.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Maximum length of a message in characters. The message stands in a row that is written at each
/// heartbeat.
const MAX_MESSAGE_CHARACTERS: usize = 200;

/// Progress that an attempt reports about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "Written")]
pub struct Progress {
    /// Progress in percent, 0 to 100. Default: unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub percent: Option<u8>,
    /// One line for people, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub message: Option<String>,
}

/// Progress as targets write it: with numbers of any kind, and messages of any length.
#[derive(Deserialize)]
struct Written {
    percent: Option<f64>,
    message: Option<String>,
}

impl From<Written> for Progress {
    fn from(written: Written) -> Self {
        Self::new(written.percent, written.message.as_deref())
    }
}

impl Progress {
    /// Progress within its bounds: at most 100 percent, and one short line.
    pub fn new(percent: Option<f64>, message: Option<&str>) -> Self {
        let percent = percent.filter(|percent| percent.is_finite());
        let line = message.map(one_line).filter(|line| !line.is_empty());
        Self { percent: percent.map(|percent| percent.clamp(0.0, 100.0) as u8), message: line }
    }

    /// Reads the last line that is not empty: `42 % loading`, or JSON with `percent` and `message`.
    pub fn parse(text: &str) -> Option<Self> {
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
        if let Ok(progress) = serde_json::from_str(line) {
            return Some(progress);
        }
        let percent =
            line.split_once('%').and_then(|(number, rest)| Some((number.trim().parse().ok()?, rest)));
        Some(match percent {
            Some((percent, rest)) => Self::new(Some(percent), Some(rest)),
            None => Self::new(None, Some(line)),
        })
    }
}

/// Writes `42 % loading`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.percent.map(|percent| format!("{percent} %"));
        let parts: Vec<String> = [percent, self.message.clone()].into_iter().flatten().collect();
        f.write_str(&parts.join(" "))
    }
}

fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(Option<u8>, Option<String>)> {
        Progress::parse(text).map(|progress| (progress.percent, progress.message))
    }

    #[test]
    fn a_line_is_a_percentage_a_message_or_both() {
        let said = |percent, message: &str| Some((percent, Some(message.to_owned())));
        assert_eq!(parsed("42 % loading"), said(Some(42), "loading"));
        assert_eq!(parsed("42.9%"), Some((Some(42), None)));
        assert_eq!(parsed("3 files of 7"), said(None, "3 files of 7"));
        assert_eq!(parsed("half of it is 50 % more"), said(None, "half of it is 50 % more"));
        assert_eq!(parsed(r#"{"percent": 7, "message": "a\nb"}"#), said(Some(7), "a b"));
        assert_eq!(parsed(r#"{"percent": 7,"#), said(None, r#"{"percent": 7,"#));
        assert_eq!(parsed("1 % first\n2 % second\n\n"), said(Some(2), "second"));
        assert_eq!(parsed(" \n"), None);
    }

    #[test]
    fn it_is_shown_as_it_is_written() {
        for text in ["42 % loading", "7 %", "loading"] {
            assert_eq!(Progress::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn it_stays_within_its_bounds() {
        assert_eq!(parsed("250 %"), Some((Some(100), None)));
        assert_eq!(parsed("-3 %"), Some((Some(0), None)));
        assert_eq!(parsed("NaN % x"), Some((None, Some("x".to_owned()))));
        let message = parsed(&"ä".repeat(500)).unwrap().1.unwrap();
        assert_eq!(message.chars().count(), MAX_MESSAGE_CHARACTERS);
        assert_eq!(parsed("1 % \u{1b}[31mred"), Some((Some(1), Some("[31mred".to_owned()))));
    }
}
