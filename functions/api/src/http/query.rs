//! Query strings, read strictly: an unknown or repeated parameter is an error, not a filter without
//! effect.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use axum::http::Uri;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use belfry_domain::Timestamp;

use super::{hint::nearest, problem::ApiError};

pub const DEFAULT_LIMIT: usize = 100;
pub const MAX_LIMIT: usize = 1000;

pub struct Query<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Query<'a> {
    /// Parses the query. Parameters in `repeatable` may occur several times, those in `once` at most
    /// once.
    ///
    /// # Errors
    /// A parameter is unknown, or occurs too often.
    pub fn of(uri: &'a Uri, once: &[&str], repeatable: &[&str]) -> Result<Self, ApiError> {
        let pairs: Vec<_> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
        for (index, (name, _)) in pairs.iter().enumerate() {
            if repeatable.contains(&name.as_ref()) {
                // Any number of them.
            } else if !once.contains(&name.as_ref()) {
                return Err(unknown(name, once.iter().chain(repeatable).copied()));
            } else if pairs[..index].iter().any(|(other, _)| other == name) {
                return Err(ApiError::parameter(name, "is given more than once"));
            }
        }
        Ok(Self { pairs })
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_ref())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let parse =
            |text: &str| text.parse().map_err(|error: T::Err| ApiError::parameter(name, error.to_string()));
        self.text(name).map(parse).transpose()
    }

    /// Value of a parameter that accepts a fixed set of words.
    ///
    /// # Errors
    /// The value is none of the words.
    pub fn word<T: Copy>(&self, name: &str, words: &[(&'static str, T)]) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*value));
        }
        let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Err(ApiError::parameter(name, format!("{text:?} is not one of {}", allowed.join(", "))))
    }

    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let wrong = |_| ApiError::parameter(name, "must be an RFC 3339 instant such as 2026-11-23T00:00:00Z");
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    pub fn limit(&self) -> Result<usize, ApiError> {
        let Some(text) = self.text("limit") else { return Ok(DEFAULT_LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| {
            ApiError::parameter("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))
        })
    }

    /// Cursor, as an earlier page gave it in `next_cursor`. An empty cursor begins at the start.
    ///
    /// # Errors
    /// The cursor can't be decoded.
    pub fn cursor(&self) -> Result<Option<String>, ApiError> {
        let Some(text) = self.text("cursor").filter(|text| !text.is_empty()) else { return Ok(None) };
        decode_cursor(text).map(Some).map_err(|message| ApiError::parameter("cursor", message))
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> ApiError {
    let message = match nearest(name, known.clone()) {
        Some(best) => format!("is not a parameter of this path; did you mean `{best}`?"),
        None => format!(
            "is not a parameter of this path; the parameters are {}",
            known.collect::<Vec<_>>().join(", ")
        ),
    };
    ApiError::parameter(name, message)
}

/// Encodes a cursor. It is opaque on purpose, because its meaning may change. It is filled up to whole
/// groups, so that a truncated cursor is mostly recognised.
pub fn encode_cursor(position: &str) -> String {
    let width = position.len().next_multiple_of(3) - position.len() + position.chars().count();
    URL_SAFE_NO_PAD.encode(format!("{position:width$}"))
}

pub fn decode_cursor(text: &str) -> Result<String, &'static str> {
    let whole = Some(text).filter(|text| text.len().is_multiple_of(4));
    let position = whole.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let position = position.ok_or("is not a cursor from an earlier page")?;
    Ok(String::from_utf8_lossy(&position).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(uri: &str) -> String {
        let uri: Uri = uri.parse().unwrap();
        let query = Query::of(&uri, &["limit", "cursor", "since"], &["tag"]);
        let read = query.and_then(|query| Ok((query.limit()?, query.cursor()?, query.instant("since")?)));
        read.err().map_or_else(|| "fine".to_owned(), |error| error.into_details().detail)
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let shown: Vec<_> = [
            "/",
            "/?limit=1&tag=a&tag=b",
            "/?limit=0",
            "/?limit=1001",
            "/?limit=x",
            "/?limit=1&limit=2",
            "/?limt=1",
            "/?colour=red",
            "/?cursor=%20",
            "/?cursor=abc",
            "/?cursor=",
            "/?since=today",
            "/?since=2026-11-23T00:00:00%2B01:00",
        ]
        .into_iter()
        .map(|uri| format!("{uri}  {}", error(uri)))
        .collect();
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let uri: Uri = format!("/?cursor={}", encode_cursor("a@2026~2|x")).parse().unwrap();
        let query = Query::of(&uri, &["cursor"], &[]).ok().unwrap();
        assert_eq!(query.cursor().ok().flatten().as_deref(), Some("a@2026~2|x"));
    }
}
