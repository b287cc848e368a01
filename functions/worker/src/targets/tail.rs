//! Tail of a target's output, in bounded memory.

use belfry_engine::ports::Output;

/// Maximum length of an excerpt of a target's output in an error line, in characters.
const MAX_LINE_CHARACTERS: usize = 200;

pub(super) struct Tail {
    kept: Vec<u8>,
    limit: usize,
    bytes: u64,
}

impl Tail {
    pub fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), limit, bytes: 0 }
    }

    pub fn push(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        self.kept.extend_from_slice(last(chunk, self.limit));
        // Trimming at twice the limit moves each byte once on average.
        if self.kept.len() > self.limit * 2 {
            let surplus = self.kept.len() - self.limit;
            self.kept.drain(..surplus);
        }
    }

    /// Whether the tail still holds all of the output after so many bytes more.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.bytes + bytes as u64 <= self.limit as u64
    }

    /// Bytes of the tail. They are all of the output as long as it fits.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Last non-blank line, fit for an error line.
    pub fn last_line(&self) -> Option<String> {
        self.text().lines().rev().map(one_line).find(|line| !line.is_empty())
    }

    /// Output. `None` where nothing was printed.
    pub fn output(&self) -> Option<Output> {
        (self.bytes > 0).then(|| Output { tail: self.text(), bytes: self.bytes, log: None })
    }

    pub fn text(&self) -> String {
        let mut end = last(&self.kept, self.limit);
        if self.bytes > end.len() as u64 {
            let is_continuation = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
            end = &end[end.iter().take(3).take_while(is_continuation).count()..];
        }
        let mut text = String::from_utf8_lossy(end).into_owned();
        // Replacement characters are longer than what they replace.
        let surplus = text.len().saturating_sub(self.limit);
        let start = (surplus..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(surplus);
        text.drain(..start);
        text
    }
}

fn last(bytes: &[u8], limit: usize) -> &[u8] {
    &bytes[bytes.len().saturating_sub(limit)..]
}

/// Short text without control characters.
pub(super) fn one_line(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    let clean = clean.trim();
    match clean.char_indices().nth(MAX_LINE_CHARACTERS) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail_of(limit: usize, chunks: &[&[u8]]) -> Output {
        let mut tail = Tail::new(limit);
        for chunk in chunks {
            tail.push(chunk);
            assert!(tail.kept.len() <= limit * 2);
        }
        tail.output().unwrap()
    }

    #[test]
    fn the_end_is_kept_and_everything_is_counted() {
        let output = tail_of(4, &[b"abcdef", b"g", b"hi", b"jklmnopq", b"r"]);
        assert_eq!(output, Output { tail: "opqr".into(), bytes: 18, log: None });
        assert_eq!(Tail::new(4).output(), None);
    }

    #[test]
    fn a_character_cut_in_half_is_left_out() {
        assert_eq!(tail_of(5, &["xé€".as_bytes(), "y€".as_bytes()]).tail, "y€");
        assert_eq!(tail_of(4, &["ab😀".as_bytes()]).tail, "😀");
        assert_eq!(tail_of(3, &["ab😀".as_bytes()]).tail, "");
    }

    #[test]
    fn bytes_that_are_no_text_stay_within_the_limit() {
        let output = tail_of(8, &[&[0xff; 100]]);
        assert!(output.tail.len() <= 8 && output.tail.chars().all(|c| c == '\u{fffd}'));
    }

    #[test]
    fn the_last_line_is_the_last_that_says_something() {
        let mut tail = Tail::new(64);
        tail.push(b"first\n\x1b\x07second \r\n \n\n");
        assert_eq!(tail.last_line().unwrap(), "second");
        assert_eq!(one_line(&"x".repeat(300)).chars().count(), MAX_LINE_CHARACTERS + 1);
    }
}
