//! Names that services accept, made from execution ids.

use belfry_domain::ExecutionId;
use sha2::{Digest as _, Sha256};

/// Number of digits of a digest that tell ids with equal readable parts apart.
const DIGITS: usize = 16;

/// Hexadecimal name of at most 64 characters.
pub(super) fn token(id: &ExecutionId) -> String {
    Sha256::digest(id.as_str()).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Name of letters, digits, `-` and `_`, at most `longest` characters long, in which the execution id
/// stays readable.
pub(super) fn name(id: &ExecutionId, longest: usize) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let readable: String = id.as_str().chars().map(plain).take(longest - DIGITS - 1).collect();
    format!("{readable}-{}", &token(id)[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_plain_and_its_own() {
        let id: ExecutionId = "daily_report@2026-11-23T00:00:00Z".parse().unwrap();
        let name_of_id = name(&id, 80);
        assert!(name_of_id.starts_with("daily_report_2026-11-23T00_00_00Z-"), "{name_of_id}");
        assert_eq!(name_of_id.len(), 33 + 1 + DIGITS);
        let long: ExecutionId = format!("{}@2026-11-23T00:00:00Z", "x".repeat(100)).parse().unwrap();
        assert_eq!(name(&long, 80).len(), 80);
        let similar: ExecutionId = "daily-report@2026-11-23T00:00:00Z".parse().unwrap();
        assert_ne!(token(&similar), token(&id));
        assert_eq!(token(&id).len(), 64);
    }
}
