//! Effects that the commands have left behind.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use super::history::History;

/// Attempts of each execution that appended a line.
pub struct Effects(HashMap<String, HashSet<u64>>);

impl Effects {
    pub fn read(file: &Path) -> Self {
        let mut effects: HashMap<String, HashSet<u64>> = HashMap::new();
        for line in fs::read_to_string(file).unwrap().lines() {
            let (id, attempt) = line.split_once(' ').unwrap_or_else(|| panic!("not whole: {line:?}"));
            let is_new = effects.entry(id.to_owned()).or_default().insert(attempt.parse().unwrap());
            assert!(is_new, "one attempt ran twice: {line}");
        }
        Self(effects)
    }

    pub fn len(&self) -> usize {
        self.0.values().map(HashSet::len).sum()
    }

    /// Checks that each execution had its effect, and that it had more than one only where an attempt
    /// was lost. Returns the number of repeated effects.
    pub fn check(&self, history: &History, has_effect: impl Fn(&str) -> bool) -> usize {
        for row in history.rows().filter(|row| has_effect(row.id())) {
            let attempts = self.0.get(row.id()).unwrap_or_else(|| panic!("{} did nothing", row.id()));
            assert!(attempts.contains(&row.success()), "{}: {attempts:?}", row.id());
        }
        self.0.iter().map(|(id, attempts)| repeats(history, id, attempts)).sum()
    }
}

fn repeats(history: &History, id: &str, attempts: &HashSet<u64>) -> usize {
    let row = history.row(id).unwrap_or_else(|| panic!("{id} had an effect and is not there"));
    let others: Vec<u64> = attempts.iter().copied().filter(|attempt| *attempt != row.success()).collect();
    for attempt in &others {
        assert!(row.was_lost(*attempt), "{id}: attempt {attempt} had an effect and is not told as lost");
    }
    others.len()
}
