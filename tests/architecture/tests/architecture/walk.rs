//! `docs/architecture.md` follows one slot through the code: each function is where it says.

use std::{fs, path::Path};

#[test]
fn each_step_of_a_slot_is_where_the_documentation_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let (_, walk) = text.split_once("## One slot").unwrap();
    let steps: Vec<&str> =
        walk.lines().filter(|line| line.starts_with("| ") && line.contains(".rs`")).collect();
    assert!(steps.len() > 10, "{} steps", steps.len());
    for step in steps {
        for place in step.rsplit_once(" | ").unwrap().1.split(';') {
            let mut names = place.split('`').skip(1).step_by(2);
            let file = names.next().unwrap();
            let found = [root.join(file), root.join("shared/engine/src").join(file)];
            let source = found.iter().find_map(|path| fs::read_to_string(path).ok());
            let source = source.unwrap_or_else(|| panic!("{file} is not there: {step}"));
            for name in names {
                let is_there = ["(", "<"].iter().any(|end| source.contains(&format!("fn {name}{end}")));
                assert!(is_there, "{file} has no function {name}: {step}");
            }
        }
    }
}
