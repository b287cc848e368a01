//! Time spans as systemd writes them: `1h 30min`, `90`, `2 weeks`.

/// Span in whole seconds. `None` for `infinity`.
///
/// # Errors
/// The text is no span of whole seconds.
pub fn seconds(text: &str) -> Result<Option<u64>, String> {
    let text = text.trim();
    if text == "infinity" {
        return Ok(None);
    }
    let wrong = || format!("{text}: is not a time span of whole seconds");
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let part = match &rest[..letters] {
            "" | "s" | "sec" | "second" | "seconds" => number.checked_mul(1000),
            "ms" | "msec" => Some(number),
            "m" | "min" | "minute" | "minutes" => number.checked_mul(60_000),
            "h" | "hr" | "hour" | "hours" => number.checked_mul(3_600_000),
            "d" | "day" | "days" => number.checked_mul(86_400_000),
            "w" | "week" | "weeks" => number.checked_mul(7 * 86_400_000),
            _ => None,
        };
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        rest = rest[letters..].trim_start();
    }
    if text.is_empty() || !total.is_multiple_of(1000) { Err(wrong()) } else { Ok(Some(total / 1000)) }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn spans() {
        for (text, expected) in [
            ("90", 90),
            ("1h 30min", 5400),
            ("1h30m", 5400),
            ("2 weeks", 1_209_600),
            ("5000ms", 5),
            ("1d", 86_400),
            ("0", 0),
        ] {
            assert_eq!(seconds(text), Ok(Some(expected)), "{text}");
        }
        assert_eq!(seconds("infinity"), Ok(None));
        for text in ["", "soon", "1.5h", "1500ms", "1M", "1y", "99999999999999999999d", "5 x", "-5s", "5é"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
