use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::{DONE, Global, Outcome};
use crate::{client::Call, show};

/// Print the dependency graph of the jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry graph
  belfry graph --format dot | dot -Tsvg > graph.svg
  belfry graph --format mermaid")]
pub struct GraphArgs {
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Tree,
    Dot,
    Mermaid,
}

#[derive(Debug, Deserialize)]
struct Graph {
    jobs: Vec<Job>,
}

#[expect(clippy::struct_field_names, reason = "named as in the API")]
#[derive(Debug, Deserialize)]
struct Job {
    job_id: String,
    dependencies: Vec<String>,
    schedule: Option<String>,
    #[serde(default)]
    paused: bool,
}

pub async fn run(args: GraphArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    let answer = client.send(Call::get(["v1", "graph"])).await?;
    if global.json {
        show::json(&answer)?;
        return DONE;
    }
    let graph: Graph = client.decode(answer)?;
    let lines = match args.format {
        Format::Tree => graph.tree(),
        Format::Dot => graph.dot(),
        Format::Mermaid => graph.mermaid(),
    };
    show::line(lines.join("\n"))?;
    DONE
}

impl Graph {
    fn tree(&self) -> Vec<String> {
        let mut tree = Tree { graph: self, shown: BTreeSet::new(), lines: Vec::new() };
        for root in self.jobs.iter().filter(|job| job.dependencies.is_empty()) {
            tree.add(root, "", "");
        }
        tree.lines
    }

    fn dependents<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Job> {
        self.jobs.iter().filter(move |job| job.dependencies.iter().any(|dependency| dependency == id))
    }

    fn edges(&self) -> impl Iterator<Item = (&str, &str)> {
        self.jobs
            .iter()
            .flat_map(|job| job.dependencies.iter().map(|from| (from.as_str(), job.job_id.as_str())))
    }

    fn dot(&self) -> Vec<String> {
        let jobs = self.jobs.iter().map(|job| format!("  {:?} [label={:?}];", job.job_id, job.label()));
        let edges = self.edges().map(|(from, to)| format!("  {from:?} -> {to:?};"));
        let body = jobs.chain(edges);
        ["digraph belfry {".to_owned(), "  rankdir=LR; node [shape=box];".to_owned()]
            .into_iter()
            .chain(body)
            .chain(["}".to_owned()])
            .collect()
    }

    fn mermaid(&self) -> Vec<String> {
        // Ids may hold what mermaid gives a meaning to, positions don't.
        let place = |id: &str| self.jobs.iter().position(|job| job.job_id == id).unwrap_or_default();
        let jobs =
            self.jobs.iter().enumerate().map(|(place, job)| format!("  j{place}[\"{}\"]", job.label()));
        let edges = self.edges().map(|(from, to)| format!("  j{} --> j{}", place(from), place(to)));
        std::iter::once("flowchart LR".to_owned()).chain(jobs).chain(edges).collect()
    }
}

impl Job {
    fn label(&self) -> String {
        let schedule = self.schedule.as_ref().map(|schedule| format!("  ({schedule})")).unwrap_or_default();
        let paused = if self.paused { "  [paused]" } else { "" };
        format!("{}{schedule}{paused}", self.job_id)
    }
}

struct Tree<'a> {
    graph: &'a Graph,
    shown: BTreeSet<&'a str>,
    lines: Vec<String>,
}

impl<'a> Tree<'a> {
    /// Adds a job and, below it, its dependents. Dependents are drawn once; where their job appears
    /// again, `…` stands for them.
    fn add(&mut self, job: &'a Job, branch: &str, indent: &str) {
        let dependents: Vec<&Job> = self.graph.dependents(&job.job_id).collect();
        let is_new = self.shown.insert(&job.job_id);
        let more = if is_new || dependents.is_empty() { "" } else { " …" };
        self.lines.push(format!("{branch}{}{more}", job.label()));
        if !is_new {
            return;
        }
        for (index, dependent) in dependents.iter().enumerate() {
            let (sign, below) =
                if index + 1 == dependents.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.add(dependent, &format!("{indent}{sign}"), &format!("{indent}{below}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        serde_json::from_value(serde_json::json!({ "jobs": [
            { "job_id": "a", "dependencies": [], "schedule": "@daily" },
            { "job_id": "b", "dependencies": ["a"], "schedule": null },
            { "job_id": "c", "dependencies": ["a"], "schedule": null, "paused": true },
            { "job_id": "d", "dependencies": ["b", "c"], "schedule": null },
            { "job_id": "e", "dependencies": ["d"], "schedule": null },
        ]}))
        .unwrap()
    }

    #[test]
    fn a_tree_shows_each_branch_once() {
        assert_eq!(
            graph().tree(),
            ["a  (@daily)", "├─ b", "│  └─ d", "│     └─ e", "└─ c  [paused]", "   └─ d …"]
        );
    }

    #[test]
    fn other_programs_formats() {
        assert!(graph().dot().contains(&"  \"b\" -> \"d\";".to_owned()));
        assert!(graph().mermaid().contains(&"  j1 --> j3".to_owned()));
    }
}
