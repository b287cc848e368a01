//! Floors of the engine, and crates whose modules must not form a circle.

use std::{collections::BTreeSet, path::Path};

use belfry_architecture::{
    circle,
    source::{Link, Source},
};

const ENGINE: &str = "shared/engine";
/// Crates with more than a few files.
const CRATES: &[&str] = &[
    ENGINE,
    "shared/aws",
    "shared/sqlite",
    "functions/api",
    "functions/worker",
    "cli",
    "shared/alerts",
    "shared/files",
    "functions/archive",
    "functions/dispatcher",
    "functions/tick",
];

fn source(name: &str) -> Source {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace's folder");
    Source::read(&root.join(name).join("src"))
}

/// Floors of the engine, the highest first, from the table at the head of its `lib.rs`.
fn floors(engine: &Source) -> Vec<&str> {
    let rows = engine.head().skip_while(|line| !line.starts_with("| floor |")).skip(2);
    let names = rows.map_while(|row| row.strip_prefix("| `")?.split('`').next());
    names.collect()
}

fn links(source: &Source) -> BTreeSet<Link> {
    source.imports().into_iter().chain(source.calls("Engine")).collect()
}

#[test]
fn every_folder_of_the_engine_is_a_floor() {
    let engine = source(ENGINE);
    let listed: BTreeSet<&str> = floors(&engine).into_iter().collect();
    assert!(engine.calls("Engine").len() > 200, "the calls between the files are read");
    assert_eq!(listed, engine.folders(), "the table in {ENGINE}/src/lib.rs and the folders beside it");
}

#[test]
fn no_file_of_the_engine_reaches_up() {
    let engine = source(ENGINE);
    let floors = floors(&engine);
    let floor_of =
        |module: &[String]| floors.iter().position(|floor| module.first().is_some_and(|it| it == floor));
    let up: Vec<String> = links(&engine)
        .into_iter()
        .filter(|link| floor_of(&link.to) < floor_of(&link.from))
        .map(|link| format!("{}, but `{}` stands above `{}`", link.why, link.to[0], link.from[0]))
        .collect();
    assert!(up.is_empty(), "the floors are listed in {ENGINE}/src/lib.rs:\n{}", up.join("\n"));
}

#[test]
fn no_modules_form_a_circle() {
    for name in CRATES {
        let links = links(&source(name));
        let circle = circle::find(&links).unwrap_or_default();
        let sentences: Vec<&str> = circle.iter().map(|link| link.why.as_str()).collect();
        assert!(circle.is_empty(), "{name} has a circle:\n{}", sentences.join("\n"));
    }
}
