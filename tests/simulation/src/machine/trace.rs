//! Trace of a run, for people and for the comparison of two runs.

use std::collections::VecDeque;

/// Number of lines kept for the report of a failure.
const KEPT: usize = 150;

#[derive(Default)]
pub struct Trace {
    lines: VecDeque<String>,
    /// Hash of all lines, including those that were not kept.
    digest: u64,
    pub count: u64,
    /// Whether every line goes to standard error as well.
    is_loud: bool,
}

impl Trace {
    pub fn new(is_loud: bool) -> Self {
        Self { is_loud, ..Self::default() }
    }

    pub fn add(&mut self, line: String) {
        if self.is_loud {
            eprintln!("{line}");
        }
        self.digest = line.bytes().fold(self.digest ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        self.count += 1;
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub fn digest(&self) -> u64 {
        self.digest
    }

    pub fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}
