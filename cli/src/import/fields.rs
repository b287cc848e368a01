//! Reading of a definition, field by field. Fields that are never asked for go into the report, so that
//! nothing is dropped in silence.

use serde_json::Value;

use super::{ImportedJob, Note, NoteKind};
use crate::files::{Content, Node};

/// Object of a definition, reduced to the fields that have not been read yet.
pub struct Fields<'a> {
    path: String,
    left: Vec<(&'a str, &'a Node)>,
}

/// Value in a definition, with its path.
#[derive(Clone)]
pub struct Field<'a> {
    pub path: String,
    pub node: &'a Node,
}

impl<'a> Fields<'a> {
    /// Fields of a node. Null counts as absent. A node that is no object has no fields.
    pub fn of(path: &str, node: &'a Node) -> Self {
        let left = match &node.content {
            Content::Map(fields) => fields.iter().map(|(name, node)| (name.as_str(), node)).collect(),
            _ => Vec::new(),
        };
        let is_given = |(_, node): &(&str, &Node)| node.content != Content::Scalar(Value::Null);
        Self { path: path.to_owned(), left: left.into_iter().filter(is_given).collect() }
    }

    pub fn take(&mut self, name: &str) -> Option<Field<'a>> {
        let at = self.left.iter().position(|(field, _)| *field == name)?;
        let (name, node) = self.left.remove(at);
        Some(Field { path: join(&self.path, name), node })
    }

    /// Fields of a field. Empty where the field is absent, or no object.
    pub fn object(&mut self, name: &str, report: &mut Report) -> Fields<'a> {
        let Some(field) = self.take(name) else {
            return Fields { path: join(&self.path, name), left: vec![] };
        };
        if !matches!(field.node.content, Content::Map(_)) {
            report.lost(&field, "is not an object");
        }
        Fields::of(&field.path, field.node)
    }

    /// Items of a list, each with a path of its own.
    pub fn list(&mut self, name: &str, report: &mut Report) -> Vec<Field<'a>> {
        let Some(field) = self.take(name) else { return Vec::new() };
        let Content::List(items) = &field.node.content else {
            report.lost(&field, "is not a list");
            return Vec::new();
        };
        let named = items.iter().enumerate();
        named.map(|(index, node)| Field { path: format!("{}[{index}]", field.path), node }).collect()
    }

    /// Items of a list of texts.
    pub fn texts(&mut self, name: &str, report: &mut Report) -> Vec<String> {
        let mut texts = Vec::new();
        for item in self.list(name, report) {
            match text_of(item.node) {
                Some(text) => texts.push(text),
                None => report.lost(&item, "is not a text"),
            }
        }
        texts
    }

    /// Text of a field. Numbers and truth values are converted.
    pub fn text(&mut self, name: &str, report: &mut Report) -> Option<String> {
        let field = self.take(name)?;
        let text = text_of(field.node);
        if text.is_none() {
            report.lost(&field, "is not a text");
        }
        text
    }

    /// Truth value in any of YAML 1.1's spellings, in which Kubernetes reads manifests.
    ///
    /// # Errors
    /// The value is no truth value.
    pub fn truth(&mut self, name: &str) -> Result<Option<bool>, String> {
        let Some(field) = self.take(name) else { return Ok(None) };
        let truth = text_of(field.node).and_then(|text| truth_of(&text));
        truth.map(Some).ok_or_else(|| format!("{}: is neither true nor false", field.path))
    }

    pub fn number(&mut self, name: &str, report: &mut Report) -> Option<u64> {
        let field = self.take(name)?;
        let number = field.node.value().as_u64();
        if number.is_none() {
            report.lost(&field, "is not a whole number");
        }
        number
    }

    /// Reports all fields that are left, as one entry.
    pub fn rest(self, report: &mut Report, kind: NoteKind, reason: &str) {
        let Some((_, first)) = self.left.first() else { return };
        let names: Vec<&str> = self.left.iter().map(|(name, _)| *name).collect();
        let text = if self.path.is_empty() {
            names.join(", ")
        } else {
            format!("{}: {}", self.path, names.join(", "))
        };
        report.add(first, text, kind, reason);
    }
}

pub fn text_of(node: &Node) -> Option<String> {
    match &node.content {
        Content::Scalar(Value::String(text)) => Some(text.clone()),
        Content::Scalar(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
        _ => None,
    }
}

/// Truth value by <https://yaml.org/type/bool.html>.
fn truth_of(text: &str) -> Option<bool> {
    let is_cased = |word: &str| text == word || text == word.to_uppercase() || text == capitalized(word);
    match text {
        _ if ["y", "yes", "true", "on"].into_iter().any(is_cased) => Some(true),
        _ if ["n", "no", "false", "off"].into_iter().any(is_cased) => Some(false),
        _ => None,
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn line_of(node: &Node) -> usize {
    node.place().0.and_then(|line| usize::try_from(line).ok()).unwrap_or(0)
}

/// Notes about one definition, collected while it is translated.
pub struct Report<'a> {
    pub file: &'a str,
    /// Name of the definition.
    pub subject: String,
    pub notes: Vec<Note>,
}

impl Report<'_> {
    pub fn lost(&mut self, field: &Field, reason: &str) {
        self.about(field, NoteKind::NotCarriedOver, reason);
    }

    pub fn changed(&mut self, field: &Field, reason: &str) {
        self.about(field, NoteKind::Changed, reason);
    }

    /// Notes that the definition became a job.
    pub fn became<T>(&mut self, node: &Node, job: &ImportedJob<T>) {
        let (text, job) = (job.description.clone(), Some(job.job_id.clone()));
        let told = Note::of_file(self.file, NoteKind::CarriedOver, "");
        self.notes.push(Note { line: line_of(node), text, job, ..told });
    }

    /// Adds a note about something that is absent, or has no particular place.
    pub fn add_plain(&mut self, text: &str, kind: NoteKind, reason: &str) {
        let nowhere = Node::without_places(Value::Null);
        self.add(&nowhere, text.to_owned(), kind, reason);
    }

    fn about(&mut self, field: &Field, kind: NoteKind, reason: &str) {
        let text = match text_of(field.node) {
            Some(value) => format!("{}: {value}", field.path),
            None => field.path.clone(),
        };
        self.add(field.node, text, kind, reason);
    }

    pub fn add(&mut self, node: &Node, text: String, kind: NoteKind, reason: &str) {
        let line = line_of(node);
        let text = match (self.subject.as_str(), text.as_str()) {
            ("", _) => text,
            (subject, "") => subject.to_owned(),
            (subject, text) => format!("{subject}: {text}"),
        };
        self.notes.push(Note { line, text, ..Note::of_file(self.file, kind, reason) });
    }
}
