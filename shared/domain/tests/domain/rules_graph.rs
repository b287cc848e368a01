//! The dependency graph: what it refuses, and what it answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use belfry_domain::{Graph, GraphLimits, GraphNode, GraphProblem};
use proptest::prelude::*;

/// `"a@daily < b c"`: job a, with the schedule `daily`, depends on b and c.
fn job(line: &str) -> GraphNode {
    let (head, dependencies) = line.split_once(" < ").unwrap_or((line, ""));
    let (id, schedule) = head.split_once('@').map_or((head, None), |(id, key)| (id, Some(key.to_owned())));
    let dependencies = dependencies.split_whitespace().map(str::to_owned).collect();
    GraphNode { id: id.to_owned(), schedule, dependencies }
}

fn graph(lines: &[&str]) -> Graph {
    Graph::build(lines.iter().map(|line| job(line)).collect()).expect("a sound graph")
}

fn errors(lines: &[&str]) -> Vec<String> {
    let built = Graph::build(lines.iter().map(|line| job(line)).collect());
    built.expect_err("a bad graph").iter().map(ToString::to_string).collect()
}

#[test]
fn errors_name_job_and_field() {
    assert_eq!(
        errors(&["a < b ghost a b", "b", "b"]),
        [
            "job `b`: job_id: two jobs have this id",
            "job `a`: dependencies[1]: there is no job `ghost`",
            "job `a`: dependencies[2]: a job cannot depend on itself",
            "job `a`: dependencies[3]: `b` is named twice",
        ]
    );
}

#[test]
fn a_cycle_is_printed_from_its_smallest_job() {
    assert_eq!(
        errors(&["c < a", "a < x b", "b < c", "x"]),
        ["job `a`: dependencies[1]: closes a cycle: a → b → c → a (each depends on the next)"]
    );
}

#[test]
fn the_shortest_cycle_of_each_knot() {
    assert_eq!(
        errors(&["a < b", "b < c", "c < d", "d < a c", "y < z", "z < y", "w < z"]),
        [
            "job `c`: dependencies[0]: closes a cycle: c → d → c (each depends on the next)",
            "job `y`: dependencies[0]: closes a cycle: y → z → y (each depends on the next)",
        ]
    );
}

#[test]
fn roots_of_what_flows_share_one_schedule() {
    let wanted = "job `join`: dependencies: the jobs that start this job have different schedules: \
                  `a` (daily), `b` (hourly), `push` (no schedule); give this job its own schedule";
    let lines =
        ["b@hourly", "a@daily", "a2@daily", "push", "mid < a a2", "join < mid b push", "after < join"];
    assert_eq!(errors(&lines), [wanted]);
    graph(&["b@hourly", "a@daily", "join@weekly < a b", "after < join"]);
    graph(&["a@daily", "b@daily", "join < a b"]);
    graph(&["a", "b", "join < a b"]);
}

#[test]
fn limits() {
    let chain = |length: usize| {
        let name = |n: usize| format!("j{n:03}");
        let link = |n| if n == 0 { job(&name(0)) } else { job(&format!("{} < {}", name(n), name(n - 1))) };
        (0..length).map(link).collect::<Vec<_>>()
    };
    assert!(Graph::build(chain(100)).is_ok());
    let too_deep = Graph::build(chain(103)).unwrap_err();
    assert_eq!(too_deep.len(), 1);
    assert_eq!(too_deep[0].job, "j100");
    assert_eq!(too_deep[0].problem, GraphProblem::TooDeep { depth: 103, limit: 100 });

    let narrow = GraphLimits { dependencies: 1, dependents: 1, ..GraphLimits::default() };
    let lines = ["a", "b", "c < a b", "d < a"].map(job).to_vec();
    let shown: Vec<_> =
        Graph::build_within(narrow, lines).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "job `c`: dependencies: the job has 2 dependencies; at most 1 are allowed",
            "job `a`: dependencies: 2 jobs depend on this job; at most 1 are allowed",
        ]
    );
}

#[test]
fn answers() {
    let graph = graph(&[
        "b@daily",
        "a@daily",
        "left < a",
        "join < left b",
        "weekly@weekly < join a",
        "tail < weekly",
    ]);
    assert_eq!(graph.dependencies("join"), ["left", "b"]);
    assert_eq!(graph.dependents("a"), ["left", "weekly"]);
    assert_eq!(graph.flow_dependents("a"), ["left"]);
    assert_eq!(graph.scheduled_dependents("a"), ["weekly"]);
    assert_eq!(graph.reachable_by_flow("a"), BTreeSet::from(["a", "left", "join"]));
    assert_eq!(graph.reachable_by_flow("weekly"), BTreeSet::from(["weekly", "tail"]));
    assert_eq!(graph.nominal_schedule("join"), Some("daily"));
    assert_eq!(graph.nominal_schedule("tail"), Some("weekly"));
    for (job, root) in [("b", "a"), ("join", "a"), ("left", "a"), ("weekly", "weekly"), ("tail", "weekly")] {
        assert_eq!(graph.root_of(job), Some(root), "{job}");
    }
    assert_eq!(graph.root_of("ghost"), None);
    assert!(graph.dependents("ghost").is_empty() && graph.reachable_by_flow("ghost").is_empty());
}

/// Layers of 1,000 jobs with five dependencies each.
///
/// The budget is 50 ms in release for a tenth of the jobs. There are so many that anything quadratic
/// takes longer than the bound, which allows for an unoptimised build on a busy machine.
#[test]
fn a_hundred_thousand_jobs_are_quick() {
    let name = |n: usize| format!("team/service/job-{n:05}");
    let node = |n: usize| GraphNode {
        id: name(n),
        schedule: (n < 1000).then(|| "daily".to_owned()),
        dependencies: if n < 1000 {
            vec![]
        } else {
            (0..5).map(|k| name(n / 1000 * 1000 - 1 - (n + k * 17) % 1000)).collect()
        },
    };
    let nodes: Vec<_> = (0..100_000).map(node).collect();
    let ring: Vec<_> = (0..100_000)
        .map(|n| GraphNode { id: name(n), schedule: None, dependencies: vec![name((n + 1) % 100_000)] })
        .collect();
    let begun = Instant::now();
    let graph = Graph::build(nodes).expect("a sound graph");
    let built = begun.elapsed();
    let errors = Graph::build(ring).unwrap_err();
    println!("built in {built:?}, then a ring refused, in all {:?}", begun.elapsed());
    assert_eq!(graph.topological_order().count(), 100_000);
    assert!(matches!(&errors[0].problem, GraphProblem::Cycle { path } if path.len() == 100_001));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

/// Up to 12 jobs; dependencies point anywhere, so that there are cycles too.
fn any_jobs() -> impl Strategy<Value = Vec<GraphNode>> {
    let one = (0..4_u8, prop::collection::btree_set(0..12_usize, 0..3));
    prop::collection::vec(one, 1..12).prop_map(|jobs| {
        let count = jobs.len();
        let node = |(n, (schedule, dependencies)): (usize, (u8, BTreeSet<usize>))| GraphNode {
            id: format!("j{n:02}"),
            schedule: (schedule == 0).then(|| "daily".to_owned()),
            dependencies: dependencies
                .into_iter()
                .filter(|&d| d < count && d != n)
                .map(|d| format!("j{d:02}"))
                .collect(),
        };
        jobs.into_iter().enumerate().map(node).collect()
    })
}

type ById<'a> = BTreeMap<&'a str, &'a GraphNode>;

fn by_id(nodes: &[GraphNode]) -> ById<'_> {
    nodes.iter().map(|node| (node.id.as_str(), node)).collect()
}

/// Roots, by the words of the definition: up the dependencies to the jobs that are roots.
fn roots<'a>(jobs: &ById<'a>, id: &str) -> BTreeSet<&'a str> {
    let node = jobs[id];
    if node.schedule.is_some() || node.dependencies.is_empty() {
        return BTreeSet::from([node.id.as_str()]);
    }
    node.dependencies.iter().flat_map(|dependency| roots(jobs, dependency)).collect()
}

proptest! {
    #[test]
    fn a_sound_graph_answers_by_the_definitions(nodes in any_jobs()) {
        let Ok(graph) = Graph::build(nodes.clone()) else { return Ok(()) };
        let jobs = by_id(&nodes);
        let order: Vec<_> = graph.topological_order().collect();
        prop_assert_eq!(order.len(), nodes.len());
        for node in &nodes {
            let place = |id: &str| order.iter().position(|&at| at == id);
            prop_assert!(node.dependencies.iter().all(|dependency| place(dependency) < place(&node.id)));
            let own_roots = roots(&jobs, &node.id);
            let schedules: BTreeSet<_> = own_roots.iter().map(|&root| jobs[root].schedule.as_deref()).collect();
            prop_assert_eq!(schedules, BTreeSet::from([graph.nominal_schedule(&node.id)]));
            for root in own_roots {
                prop_assert!(graph.reachable_by_flow(root).contains(node.id.as_str()));
                prop_assert_eq!(graph.root_of(root), graph.root_of(&node.id));
                prop_assert!(graph.root_of(root) <= Some(root));
            }
            prop_assert_eq!(graph.root_of(&node.id).and_then(|root| graph.root_of(root)), graph.root_of(&node.id));
        }
    }

    #[test]
    fn a_refused_graph_says_why_truly_and_always_the_same(nodes in any_jobs(), seed: prop::sample::Index) {
        let Err(errors) = Graph::build(nodes.clone()) else { return Ok(()) };
        let mut turned = nodes.clone();
        turned.rotate_left(seed.index(nodes.len()));
        prop_assert_eq!(&Graph::build(turned).expect_err("still bad"), &errors);
        let jobs = by_id(&nodes);
        for error in errors {
            match error.problem {
                GraphProblem::Cycle { path } => {
                    prop_assert!(path.len() > 2 && path.first() == path.last());
                    prop_assert!(path.windows(2).all(|pair| jobs[pair[0].as_str()].dependencies.contains(&pair[1])));
                }
                GraphProblem::DifferentSchedules { roots: named } => {
                    let own_roots = roots(&jobs, &error.job);
                    prop_assert!(named.len() > 1);
                    prop_assert!(named.iter().all(|root| own_roots.contains(root.job.as_str())));
                }
                other => prop_assert!(false, "unexpected: {}", other),
            }
        }
    }
}
