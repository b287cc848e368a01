//! Cargo builds and links a test program for each library and binary, whether it has tests or not, and hides the
//! tests of one that is switched off. So those with tests are built for them, and no others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const SIGNS: [&str; 3] = ["#[test]", "#[cfg(test)]", "::test]"];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    metadata["packages"].as_array().cloned().expect("a list of packages")
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

fn has_tests(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// Sources of a target. A binary beside a library has the modules that its root names; the rest is the library's.
fn sources_of(target: &Value, targets: &[Value]) -> Vec<PathBuf> {
    let root = |target: &Value| PathBuf::from(target["src_path"].as_str().expect("a path"));
    let others: Vec<PathBuf> = targets.iter().filter(|it| *it != target).map(root).collect();
    let own = root(target);
    let folder = own.parent().expect("a folder");
    let has_library = targets.iter().any(|it| it["kind"][0] == "lib");
    if has_library && target["kind"][0] == "bin" {
        return modules_of(&own, folder);
    }
    below(folder).into_iter().filter(|file| !others.contains(file)).collect()
}

/// The root of a binary, and the files of the modules that the root names.
fn modules_of(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(root).expect("the root of a binary");
    let names = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let files = names.flat_map(|name| match folder.join(name) {
        module if module.is_dir() => below(&module),
        module => vec![module.with_extension("rs")],
    });
    files.chain([root.to_owned()]).collect()
}

#[test]
fn programs_for_tests_are_built_where_there_are_tests() {
    let mut wrong = Vec::new();
    for package in packages() {
        let targets = package["targets"].as_array().expect("a list of targets");
        let built = targets.iter().filter(|target| target["kind"][0] == "lib" || target["kind"][0] == "bin");
        for target in built {
            let wants = sources_of(target, targets).iter().any(|file| has_tests(file));
            if target["test"] != wants {
                let (of, kind) = (&package["manifest_path"], &target["kind"][0]);
                wrong.push(format!("{of}: the {kind} {} needs `test = {wants}`", target["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
