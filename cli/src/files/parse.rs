//! Parser from a file's text to definitions.

use std::sync::Arc;

use belfry_domain::{CommandTarget, JobSpec, Target};
use serde_json::Value;

use super::{
    Definition, FileErrors, FileProblem, Source, field_path,
    node::{Content, Node},
};

pub fn definitions(source: &Source) -> Result<Vec<Definition>, FileErrors> {
    let mut definitions = Vec::new();
    let mut problems = Vec::new();
    for document in documents(source)? {
        for node in jobs_in(document) {
            match definition(node, source) {
                Ok(definition) => definitions.push(definition),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    if !problems.is_empty() {
        return Err(FileErrors(problems));
    }
    if definitions.is_empty() {
        return Err(FileProblem::of_file(&source.name, "contains no jobs").into());
    }
    Ok(definitions)
}

/// Reads documents. JSON is nearly YAML: where the YAML reader accepts it, the places are known too.
pub fn documents(source: &Source) -> Result<Vec<Node>, FileErrors> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let yaml = serde_saphyr::from_multiple_with_options::<Node>(&source.text, options);
    let error = match yaml {
        Ok(nodes) => return Ok(nodes),
        Err(error) => error,
    };
    if !source.text.trim_start().starts_with(['{', '[']) {
        return Err(yaml_problem(source, &error).into());
    }
    let values = serde_json::Deserializer::from_str(&source.text).into_iter::<Value>();
    match values.map(|value| value.map(Node::without_places)).collect::<Result<_, _>>() {
        Ok(documents) => Ok(documents),
        Err(error) => {
            let place = (Some(error.line() as u64), Some(error.column() as u64));
            Err(FileProblem::of_file(&source.name, error.to_string()).at(place).into())
        }
    }
}

fn yaml_problem(source: &Source, error: &serde_saphyr::Error) -> FileProblem {
    let place = error.location().map_or((None, None), |at| (Some(at.line()), Some(at.column())));
    let full = error.without_snippet().to_string();
    // The place stands in front already.
    let text = full.rsplit_once(" at line ").map_or(full.as_str(), |(text, _)| text);
    // Advice for those who program with the reader.
    let text = text.split_once(", set DuplicateKeyPolicy").map_or(text, |(text, _)| text);
    let hint = if text.contains("alias") { "; quote text that begins with *: \"*/5 * * * *\"" } else { "" };
    FileProblem::of_file(&source.name, format!("{text}{hint}")).at(place)
}

fn jobs_in(document: Node) -> Vec<Node> {
    let place = document.clone();
    match document.content {
        Content::Scalar(Value::Null) => Vec::new(),
        Content::List(jobs) => jobs,
        Content::Map(mut fields)
            if fields.iter().any(|(name, _)| name == "jobs") && place.get("job_id").is_none() =>
        {
            let at = fields.iter().position(|(name, _)| name == "jobs").unwrap_or(0);
            let jobs = fields.swap_remove(at).1;
            match jobs.content {
                Content::List(jobs) if fields.is_empty() => jobs,
                _ => vec![place],
            }
        }
        _ => vec![place],
    }
}

fn definition(node: Node, source: &Source) -> Result<Definition, Box<FileProblem>> {
    let value = node.value();
    let job = value.get("job_id").and_then(Value::as_str).map(str::to_owned);
    if !value.is_object() {
        let message = "expected a job (a mapping with `job_id`), a list of jobs, or `jobs:` with a list";
        return Err(Box::new(FileProblem::of_file(&source.name, message).at(node.place())));
    }
    let spec: Result<JobSpec, _> = serde_path_to_error::deserialize(value);
    let mut spec = spec.map_err(|error| {
        let path = field_path::from_serde(error.path());
        let field = Some(error.path().to_string()).filter(|path| path != ".");
        let (line, column) = node.nearest(&path);
        Box::new(FileProblem {
            file: source.name.clone(),
            job,
            field,
            line,
            column,
            message: error.inner().to_string(),
        })
    })?;
    anchor(&mut spec, source);
    Ok(Definition { spec, file: source.name.clone(), node: Arc::new(node) })
}

fn anchor(spec: &mut JobSpec, source: &Source) {
    if let Some(Target::Command(CommandTarget { working_directory: Some(directory), .. })) = &mut spec.target
    {
        *directory = source
            .directory
            .join(&*directory)
            .components()
            .collect::<std::path::PathBuf>()
            .display()
            .to_string();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Definition>, String> {
        let source = Source { name: "f.yaml".to_owned(), text: text.to_owned(), directory: "/d".into() };
        definitions(&source).map_err(|errors| errors.to_string())
    }

    fn ids(text: &str) -> Vec<String> {
        read(text).unwrap().iter().map(|definition| definition.spec.job_id.to_string()).collect()
    }

    #[test]
    fn one_job_a_list_jobs_and_several_documents() {
        assert_eq!(ids("job_id: a\n"), ["a"]);
        assert_eq!(ids("- job_id: a\n- job_id: b\n"), ["a", "b"]);
        assert_eq!(ids("jobs:\n- job_id: a\n- job_id: b\n"), ["a", "b"]);
        assert_eq!(ids("job_id: a\n---\n- job_id: b\n---\n"), ["a", "b"]);
        assert_eq!(ids(r#"{"jobs":[{"job_id":"a"}]}"#), ["a"]);
    }

    #[test]
    fn json_that_is_no_yaml_is_read_too() {
        assert_eq!(ids("{\n\t\"job_id\": \"a\",\n\t\"description\": \"\\ud83d\\ude00\\/\"\n}"), ["a"]);
    }

    #[test]
    fn errors_name_file_job_field_and_place() {
        let shown = |text| read(text).unwrap_err();
        assert!(
            shown("job_id: a\ntimeout: soon\n").starts_with("f.yaml:2:10: job a: timeout: duration `soon`")
        );
        assert!(
            shown("- job_id: a\n  comand: x\n")
                .starts_with("f.yaml:2:11: job a: comand: unknown field `comand`")
        );
        assert!(shown("- job_id: a\n  schedule: */5 * * * *\n").starts_with("f.yaml:2:13: alias references"));
        assert!(shown("schedule: x\n").contains("missing field `job_id`"));
        assert!(shown("- 5\n").starts_with("f.yaml:1:3: expected a job"));
        assert!(shown("").ends_with("contains no jobs"));
        assert!(shown("{\"job_id\": \"\\ud83d\\ude00\", }").starts_with("f.yaml:1:"));
        assert!(shown("job_id: a\njob_id: b\n").contains("f.yaml:2:1: duplicate"));
    }

    #[test]
    fn relative_directories_start_at_the_file() {
        let directory = |given: &str| {
            let text =
                format!("job_id: a\ntarget: {{type: command, command: x, working_directory: {given}}}");
            match read(&text).unwrap().remove(0).spec.target {
                Some(Target::Command(target)) => target.working_directory,
                _ => None,
            }
        };
        assert_eq!(directory("n").as_deref(), Some("/d/n"));
        assert_eq!(directory(".").as_deref(), Some("/d"));
        assert_eq!(directory("/x").as_deref(), Some("/x"));
        assert_eq!(directory("null"), None);
    }
}
