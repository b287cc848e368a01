//! RFC 9457 problems, as the API sends them.

use std::fmt;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, thiserror::Error)]
pub struct Problem {
    pub status: StatusCode,
    pub title: String,
    pub detail: String,
    pub problems: Vec<FieldProblem>,
    /// Problem document, unchanged, as the server sent it.
    pub document: Value,
}

#[derive(Debug, Clone, Deserialize)]
pub struct FieldProblem {
    #[serde(default)]
    pub field: String,
    pub message: String,
}

#[derive(Deserialize, Default)]
struct Document {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    problems: Vec<FieldProblem>,
}

impl Problem {
    pub fn read(status: StatusCode, text: &str) -> Self {
        let document = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        let document = document.unwrap_or_else(|| {
            let start: String = text.chars().take(500).collect();
            json!({ "status": status.as_u16(), "title": status.to_string(), "detail": start })
        });
        let read: Document = Document::deserialize(&document).unwrap_or_default();
        Self {
            status,
            title: read.title,
            detail: read.detail.unwrap_or_default(),
            problems: read.problems,
            document,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self.status {
            StatusCode::UNAUTHORIZED => Some(
                "set --token or BELFRY_TOKEN; create a token on the server's host with `belfry token create NAME --data DIR`",
            ),
            StatusCode::SERVICE_UNAVAILABLE => {
                Some("the server may be a standby, or still starting; `belfry doctor` shows which")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "belfry refused the request ({})", self.status)?;
        // The detail of several problems is the problems, in one line.
        let text =
            if self.detail.is_empty() || !self.problems.is_empty() { &self.title } else { &self.detail };
        if !text.is_empty() {
            write!(f, ": {text}")?;
        }
        for problem in &self.problems {
            let separator = if problem.field.is_empty() { "" } else { ": " };
            write!(f, "\n  {}{separator}{}", problem.field, problem.message)?;
        }
        self.hint().map_or(Ok(()), |hint| write!(f, "\n{hint}"))
    }
}
