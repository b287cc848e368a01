//! Causes of failures: what failures have in common, apart from names, instants and numbers.

use belfry_domain::{JobId, stable_hash};

/// Number of digits from which a word is an instant, an address or an id of something, and no part of the
/// cause.
const MANY_DIGITS: usize = 5;
const PUNCTUATION: &[char] = &[':', ',', ';', '.', '(', ')', '"', '\'', '`'];

/// Name of the cause that a job's failure has, equal for failures of one cause: 16 hexadecimal digits.
pub(super) fn cause_of(reason: &str, job_id: &JobId) -> String {
    let words: Vec<&str> = reason.split_whitespace().filter(|word| !is_particular(word, job_id)).collect();
    format!("{:016x}", stable_hash(words.join(" ").bytes()))
}

/// Whether a word tells one failure from others of the same cause.
fn is_particular(word: &str, job_id: &JobId) -> bool {
    let word = word.trim_matches(PUNCTUATION);
    let is_own = word.split('@').next() == Some(job_id.as_str());
    is_own || word.bytes().filter(u8::is_ascii_digit).count() >= MANY_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(job: &str, reason: &str) -> String {
        cause_of(reason, &job.parse().unwrap())
    }

    #[test]
    fn what_is_particular_to_a_failure_is_no_part_of_its_cause() {
        let why = |job: &str, at: &str, port: u16| {
            format!("{job}@{at}: connection to 10.0.0.7:{port} refused at {at}, id 7d44{port}ab-13")
        };
        let [one, other] = [("a", "2026-11-23T00:00:00Z", 5432), ("b.c", "2026-11-24T00:00:00Z", 5433)]
            .map(|(job, at, port)| cause(job, &why(job, at, port)));
        assert_eq!(one, other);
        assert_eq!(cause("exit", "exit status 3"), cause("exit", "exit status 3"));
    }

    #[test]
    fn what_differs_otherwise_is_another_cause() {
        let causes = ["exit status 1", "exit status 2", "HTTP 500", "HTTP 404", "", "no such file"]
            .map(|reason| cause("a", reason));
        let distinct: std::collections::BTreeSet<_> = causes.iter().collect();
        assert_eq!(distinct.len(), causes.len());
        assert_eq!(cause("s", "exit status 1"), causes[0], "a name within a word is none");
    }
}
