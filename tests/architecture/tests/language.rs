//! Doc comments begin with the noun or verb that they document.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// First words that leave a reader without the subject of the sentence.
const RIDDLES: [&str; 11] =
    ["Of", "Who", "What", "Whoever", "Whose", "As", "With", "To be", "So much", "So long", "The same"];
const SHOWN: usize = 20;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Text of a line that belongs to a doc comment.
fn doc(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map(str::trim_start)
}

fn is_riddle(text: &str) -> bool {
    let begins = |word: &str| text.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', ',']));
    RIDDLES.into_iter().any(begins)
}

#[test]
fn doc_comments_begin_with_what_they_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["cli", "functions", "shared", "tests"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 300, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source can be read");
        let mut is_first = true;
        for (number, line) in text.lines().enumerate() {
            let doc = doc(line);
            if let Some(doc) = doc.filter(|doc| is_first && is_riddle(doc)) {
                wrong.push(format!("{}:{}: {doc}", file.display(), number + 1));
            }
            is_first = doc.is_none();
        }
    }
    let shown = wrong.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} doc comments begin with a riddle:\n{shown}", wrong.len());
}

#[test]
fn riddles_are_told_from_sentences() {
    assert!(is_riddle("Of a waiting one: the dependencies.") && is_riddle("Who, of all processes, leads."));
    assert!(!is_riddle("Offset in seconds.") && !is_riddle("Whole output of an attempt."));
}
