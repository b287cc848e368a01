//! Variables of a container, and the expansion of `$(NAME)` in its words.
//!
//! The kubelet inserts plain values and values of secrets alike, before anything runs. A manifest
//! doesn't contain the latter, so a word that names one is refused: if it stayed as it is, a shell
//! would take it for the command `NAME`.

use std::collections::{BTreeMap, BTreeSet};

use super::Container;
use crate::{
    files::{Content, Node},
    import::{
        NoteKind,
        fields::{Field, Fields, Report},
    },
};

const ELSEWHERE: &str = "its value is not in the manifest; the job gets the worker's variable of this name";
const NOT_IN_TASK: &str = "its value is not in the manifest; set it in the task definition";
const NO_POD: &str = "describes the pod, and belfry runs no pod; the variable is missing";
const UNKNOWN: &str = "belfry has no such setting";
const FROM: &str = "its variables are not in the manifest; name them in pass_environment";
/// Suffixes of the variables that the kubelet adds for each service.
const SERVICE_SUFFIXES: [&str; 3] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT"];

#[derive(Default)]
pub(super) struct Environment {
    /// Variables whose values the manifest contains.
    pub known: BTreeMap<String, String>,
    /// Variables whose values are not in the manifest, and that the worker must have.
    pub passed: Vec<String>,
    /// Variables that are not available.
    missing: BTreeSet<String>,
    /// Whether there are further variables, whose names the manifest does not contain.
    has_more: bool,
}

impl Environment {
    pub fn read(
        container: &mut Fields,
        who: &Container,
        namespace: &str,
        report: &mut Report,
    ) -> Result<Self, String> {
        let mut environment = Self::default();
        for source in container.list("envFrom", report) {
            report.lost(&source, FROM);
            environment.has_more = true;
        }
        for variable in container.list("env", report) {
            environment.add(&variable, who, namespace, report)?;
        }
        Ok(environment)
    }

    fn add(
        &mut self,
        variable: &Field,
        who: &Container,
        namespace: &str,
        report: &mut Report,
    ) -> Result<(), String> {
        let mut fields = Fields::of(&variable.path, variable.node);
        let name = fields.take("name").map(|field| word(&field)).transpose()?.unwrap_or_default();
        let named = Field { path: format!("{}: {name}", variable.path), node: variable.node };
        let Some(source) = fields.take("valueFrom") else {
            let value = fields.take("value").map(|field| self.word(&field)).transpose()?.unwrap_or_default();
            fields.rest(report, NoteKind::NotCarriedOver, UNKNOWN);
            self.known.insert(name, value);
            return Ok(());
        };
        fields.rest(report, NoteKind::NotCarriedOver, UNKNOWN);
        let field = source.node.get("fieldRef").and_then(|field| field.get("fieldPath"));
        if field.is_some_and(|field| field.value() == "metadata.namespace") {
            self.known.insert(name, namespace.to_owned());
        } else if source.node.get("fieldRef").is_some() || source.node.get("resourceFieldRef").is_some() {
            report.lost(&named, NO_POD);
            self.missing.insert(name);
        } else if matches!(who, Container::Ecs { .. }) {
            report.lost(&named, NOT_IN_TASK);
            self.missing.insert(name);
        } else {
            report.changed(&named, ELSEWHERE);
            self.passed.push(name);
        }
        Ok(())
    }

    /// Word of a command, or a variable's value, with the variables in it inserted.
    ///
    /// # Errors
    /// The value of a variable is not in the manifest.
    pub fn word(&self, field: &Field) -> Result<String, String> {
        self.expand(&word(field)?).map_err(|name| {
            format!(
                "{}: has $({name}) in it, whose value is not in the manifest, and a shell would run it as a command: \
                 read ${name} in the command instead",
                field.path
            )
        })
    }

    /// Expands a text: `$(NAME)` stands for a variable that was given before, `$$` for a dollar sign. A
    /// reference to no variable stays, as in Kubernetes.
    ///
    /// # Errors
    /// The name of a variable without a value here.
    fn expand(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix('$') {
                out.push('$');
                rest = behind;
                continue;
            }
            let named = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
            let Some((name, behind)) = named else {
                out.push('$');
                continue;
            };
            if let Some(value) = self.known.get(name) {
                out.push_str(value);
                rest = behind;
            } else if self.may_be_elsewhere(name) {
                return Err(name.to_owned());
            } else {
                out.push('$');
            }
        }
        Ok(out + rest)
    }

    fn may_be_elsewhere(&self, name: &str) -> bool {
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        self.passed.iter().any(|passed| passed == name)
            || self.missing.contains(name)
            || is_name && (self.has_more || SERVICE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)))
    }
}

/// Text of a field. Kubernetes accepts texts only: a number or a truth value must be in quotes, and
/// YAML does not keep `0777` as it is written.
fn word(field: &Field) -> Result<String, String> {
    text(field.node)
        .ok_or_else(|| format!("{}: is not text, which Kubernetes refuses; quote the value", field.path))
}

fn text(node: &Node) -> Option<String> {
    match &node.content {
        Content::Scalar(serde_json::Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the examples of Kubernetes' page on commands and arguments.
    #[test]
    fn references_to_variables() {
        let known = BTreeMap::from([("A".to_owned(), "x".to_owned())]);
        let mut environment = Environment { known, passed: vec!["P".to_owned()], ..Environment::default() };
        for (text, expanded) in [
            ("$(A)-$(A)", "x-x"),
            ("$$(A)", "$(A)"),
            ("$$(P)", "$(P)"),
            ("$(B)", "$(B)"),
            ("$A $(A", "$A $(A"),
            ("5$", "5$"),
        ] {
            assert_eq!(environment.expand(text).as_deref(), Ok(expanded), "{text}");
        }
        for text in ["a$(P)", "$(KUBERNETES_SERVICE_HOST)", "$(DB_PORT)"] {
            assert!(environment.expand(text).is_err(), "{text}");
        }
        environment.has_more = true;
        assert!(environment.expand("$(B)").is_err(), "it may come with envFrom");
    }
}
