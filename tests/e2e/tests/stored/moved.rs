//! Data moved in time, as if it had been written yesterday.
//!
//! Otherwise a test would tell something else as the data gets older: what ended would be removed by its age, and
//! slots would be too old to start. All instants move by the same number of whole days, so that times of day, and
//! thus slots, stay what they were.

use chrono::{NaiveDate, TimeDelta};

/// Instants further from the writing are meant as they are: a far future, the slots of a backfill.
const NEAR: TimeDelta = TimeDelta::days(20);
const DAY_MS: i64 = 24 * 3600 * 1000;
const DIGITS_OF_MS: usize = 13;
const LENGTH_OF_DATE: usize = "2026-11-23".len();

/// So many that the data is an hour old at least, and a day more at most.
pub fn days_until_now(written_at_ms: i64) -> i64 {
    let age_ms = chrono::Utc::now().timestamp_millis() - written_at_ms;
    (age_ms - 3600 * 1000).div_euclid(DAY_MS)
}

/// Instants as RFC 3339 and in milliseconds.
pub fn moved(text: &str, written_at_ms: i64, days: i64) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (taken, written) = date(rest, written_at_ms, days)
            .or_else(|| milliseconds(rest, written_at_ms, days))
            .or_else(|| word(rest))
            .unwrap_or_else(|| (next.len_utf8(), next.to_string()));
        moved.push_str(&written);
        rest = &rest[taken..];
    }
    moved
}

fn date(text: &str, written_at_ms: i64, days: i64) -> Option<(usize, String)> {
    let date = text.get(..LENGTH_OF_DATE).filter(|_| text[LENGTH_OF_DATE..].starts_with('T'))?;
    let date: NaiveDate = date.parse().ok()?;
    let at_ms = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis();
    let moved = if is_near(at_ms, written_at_ms) { date + TimeDelta::days(days) } else { date };
    Some((LENGTH_OF_DATE, moved.to_string()))
}

fn milliseconds(text: &str, written_at_ms: i64, days: i64) -> Option<(usize, String)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_whole = !text[digits..].starts_with(|next: char| next.is_ascii_alphanumeric());
    let at_ms: i64 = text.get(..digits).filter(|_| digits == DIGITS_OF_MS && is_whole)?.parse().ok()?;
    is_near(at_ms, written_at_ms).then(|| (digits, (at_ms + days * DAY_MS).to_string()))
}

/// Neither an instant nor the beginning of one.
fn word(text: &str) -> Option<(usize, String)> {
    let length = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    (length > 0).then(|| (length, text[..length].to_owned()))
}

fn is_near(at_ms: i64, written_at_ms: i64) -> bool {
    (at_ms - written_at_ms).abs() < NEAR.num_milliseconds()
}

pub fn instants_move_by_whole_days_and_nothing_else_does() {
    let written_at_ms = 1_796_032_607_017;
    let text = "('a@2026-11-30T09:00:00Z',1796032607017,'1-2da1793a0249e011',4101818400000,'2099-12-24T18:00:00Z',\
                '01M8NY5CKHGCB1SSZQ9P62S1D1',17960326070171)";
    let expected = text.replace("2026-11-30T", "2026-12-02T").replace("1796032607017,", "1796205407017,");
    assert_eq!(moved(text, written_at_ms, 2), expected);
    assert_eq!(moved(text, written_at_ms, 0), text);
}
