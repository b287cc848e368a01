//! Document as a tree that knows the place of each node.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::field_path::Step;

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Line, counted from 1. 0 where it is not known.
    line: u64,
    column: u64,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Builds a node from a value whose format tells no places: line and column are 0.
    pub fn without_places(value: Value) -> Self {
        let content = match value {
            Value::Array(items) => Content::List(items.into_iter().map(Self::without_places).collect()),
            Value::Object(fields) => Content::Map(
                fields.into_iter().map(|(key, value)| (key, Self::without_places(value))).collect(),
            ),
            scalar => Content::Scalar(scalar),
        };
        Self { line: 0, column: 0, content }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    pub fn value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Self::value).collect(),
            Content::Map(fields) => Value::Object(
                fields.iter().map(|(key, node)| (key.clone(), node.value())).collect::<Map<_, _>>(),
            ),
        }
    }

    pub fn place(&self) -> (Option<u64>, Option<u64>) {
        let known = |number| Some(number).filter(|number| *number > 0);
        (known(self.line), known(self.column))
    }

    /// Place of the node that the path leads to, or of the last node on the way that exists.
    pub fn nearest(&self, path: &[Step]) -> (Option<u64>, Option<u64>) {
        let next = match (path.first(), &self.content) {
            (Some(Step::Key(key)), _) => self.get(key),
            (Some(Step::Index(index)), Content::List(items)) => items.get(*index),
            _ => None,
        };
        next.map_or_else(|| self.place(), |next| next.nearest(&path[1..]))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        let (line, column) = (spanned.referenced.line(), spanned.referenced.column());
        Ok(Self { line, column, content: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can express")
    }

    fn visit_unit<E: Error>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Content, E> {
        let number =
            Number::from_f64(value).ok_or_else(|| E::custom(format!("{value} is not a number in JSON")))?;
        Ok(Content::Scalar(Value::Number(number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = access.next_entry()? {
            fields.push(field);
        }
        Ok(Content::Map(fields))
    }
}
