//! Concurrency keys: the part of an execution's input that names its key, such as a customer.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Maximum length of a value in bytes. Longer values, and those with unusual characters, are known by
/// their hash.
const MAX_VALUE_BYTES: usize = 100;
const ROOT: &str = "input";

/// Path into the input: `input.customer_id`, `input.order.region`. A missing value and null give the
/// empty key, which is a key like any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^input(\\.[A-Za-z0-9_-]+)+$"))]
#[serde(try_from = "String", into = "String")]
pub struct KeyExpression(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a path into the input, such as `input.customer_id`: names of letters, digits, `_` and `-` behind `input.`"
)]
pub struct NoPath(String);

impl FromStr for KeyExpression {
    type Err = NoPath;

    fn from_str(text: &str) -> Result<Self, NoPath> {
        let mut names = text.split('.');
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        };
        let is_path = names.next() == Some(ROOT) && names.clone().next().is_some() && names.all(is_name);
        if is_path { Ok(Self(text.to_owned())) } else { Err(NoPath(text.to_owned())) }
    }
}

impl TryFrom<String> for KeyExpression {
    type Error = NoPath;

    fn try_from(text: String) -> Result<Self, NoPath> {
        text.parse()
    }
}

impl From<KeyExpression> for String {
    fn from(expression: KeyExpression) -> Self {
        expression.0
    }
}

impl fmt::Display for KeyExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyExpression {
    /// Key of an execution with this input.
    pub fn value_in(&self, input: &Value) -> String {
        let found = self.0.split('.').skip(1).try_fold(input, |value, name| value.get(name));
        let text = match found {
            None | Some(Value::Null) => return String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let is_plain = |c: char| c.is_ascii_graphic() && c != '/' && c != '#';
        if text.len() <= MAX_VALUE_BYTES && text.chars().all(is_plain) {
            text
        } else {
            format!("#{:016x}", crate::stable_hash(text.bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_is_read_from_the_input() {
        let key = |path: &str, input: Value| path.parse::<KeyExpression>().unwrap().value_in(&input);
        assert_eq!(key("input.customer_id", json!({ "customer_id": "c-7" })), "c-7");
        assert_eq!(key("input.order.region", json!({ "order": { "region": 3 } })), "3");
        for absent in [json!(null), json!({}), json!({ "customer_id": null }), json!([1])] {
            assert_eq!(key("input.customer_id", absent), "");
        }
    }

    #[test]
    fn odd_values_are_known_by_their_hash() {
        let key = |value: &str| "input.k".parse::<KeyExpression>().unwrap().value_in(&json!({ "k": value }));
        for odd in ["with blank", "a/b", "#x", "ü", &"x".repeat(101)] {
            let hash = key(odd);
            assert!(hash.len() == 17 && hash.starts_with('#'), "{odd}: {hash}");
            assert_eq!(hash, key(odd));
        }
    }

    #[test]
    fn anything_else_is_no_path() {
        for text in ["", "input", "input.", "inputs.x", "input..x", "input.a b", "customer_id", "input.x."] {
            assert!(text.parse::<KeyExpression>().is_err(), "{text}");
        }
    }
}
