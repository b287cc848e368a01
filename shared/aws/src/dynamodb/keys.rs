//! Keys. Their order as texts is the order in which rows are read.

use belfry_domain::{ExecutionId, JobId, Shards, TimerKey, Timestamp};
use chrono::SecondsFormat;

use super::item::Key;

/// Largest instant with 15 digits, in milliseconds.
const LONGEST_MS: i64 = 999_999_999_999_999;
/// Number that a negative instant is added to before it is written with a minus sign. So earlier
/// instants sort first, and all negative instants sort before all digits.
const NEGATIVE_BASE: i64 = 100_000_000_000_000;
/// First instant of the years with four digits, in milliseconds.
const FIRST_WRITTEN_MS: i64 = -62_167_219_200_000;
const LAST_WRITTEN_MS: i64 = 253_402_300_799_999;
/// Prefix of the sort keys of executions whose names hold no instant. It sorts before all digits.
pub(crate) const NAMED: &str = "#";
/// Text that sorts behind all digits, and so behind all instants.
pub(crate) const BEHIND_INSTANTS: &str = ":";
/// Length of a ULID in characters.
const ULID_LENGTH: usize = 26;

/// Smallest text that sorts behind `text`.
pub(crate) fn successor(text: &str) -> String {
    format!("{text}\0")
}

/// Instant in 15 characters.
pub(crate) fn digits(at: Timestamp) -> String {
    match at.0 {
        ms @ 0.. => format!("{:015}", ms.min(LONGEST_MS)),
        ms => format!("-{:014}", ms.saturating_add(NEGATIVE_BASE).max(0)),
    }
}

fn undigits(text: &str) -> Option<Timestamp> {
    let ms: i64 = match text.strip_prefix('-') {
        Some(rest) => rest.parse::<i64>().ok()? - NEGATIVE_BASE,
        None => text.parse().ok()?,
    };
    Some(Timestamp(ms)).filter(|at| digits(*at) == text)
}

/// Instant in RFC 3339, always of the same length.
pub(crate) fn written(at: Timestamp) -> String {
    let at = Timestamp(at.0.clamp(FIRST_WRITTEN_MS, LAST_WRITTEN_MS));
    at.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Key of a timer.
pub(crate) fn timer(key: &TimerKey) -> Key {
    Key::new(shard_of_timers(key.shard), format!("{} {}", digits(key.fire_at), key.what))
}

pub(crate) fn shard_of_timers(shard: u16) -> String {
    format!("t#{shard}")
}

pub(crate) fn parse_timer(shard: u16, sk: &str) -> Option<TimerKey> {
    let (fire_at, what) = sk.split_once(' ')?;
    Some(TimerKey { shard, fire_at: undigits(fire_at)?, what: what.parse().ok()? })
}

/// Upper bound of the sort keys of timers that fire up to `until`.
pub(crate) fn timers_until(until: Timestamp) -> String {
    // A blank stands behind each instant.
    format!("{}!", digits(until))
}

/// Instant in an execution's name: that of its slot, or of its ULID.
pub(crate) fn instant_in_name(id: &ExecutionId) -> Option<Timestamp> {
    let slot = id.slot();
    slot.instant().or_else(|| instant_of_ulid(slot.as_str()))
}

fn instant_of_ulid(text: &str) -> Option<Timestamp> {
    if text.len() != ULID_LENGTH {
        return None;
    }
    let ulid = ulid::Ulid::from_string(text).ok()?;
    // Others that read as the same ULID would have another place.
    let at = i64::try_from(ulid.timestamp_ms()).ok()?;
    (ulid.to_string() == text && at <= LAST_WRITTEN_MS).then_some(Timestamp(at))
}

/// Slot and generation of an execution, for its key. An element follows the generation of the execution
/// that it belongs to.
fn slot_and_generation(id: &ExecutionId) -> String {
    let own = generation(id.generation());
    match (id.whole(), id.element_index()) {
        (Some(whole), Some(index)) => format!("{},{index:010}{own}", slot_and_generation(&whole)),
        _ => format!("{}{own}", id.slot()),
    }
}

fn generation(number: u32) -> String {
    format!("~{number:010}")
}

/// Key of an execution, which orders a job's executions by time.
pub(crate) fn execution(id: &ExecutionId, buckets: u16) -> Key {
    let name = slot_and_generation(id);
    let sk = match instant_in_name(id) {
        Some(at) => format!("{}#{name}", written(at)),
        None => format!("{NAMED}{name}"),
    };
    Key::new(bucket(&id.job_id(), bucket_of(id, buckets)), sk)
}

/// Number of the bucket of an execution. All its generations share it.
pub(crate) fn bucket_of(id: &ExecutionId, buckets: u16) -> u16 {
    Shards(buckets).of(id.with_generation(1).as_str())
}

pub(crate) fn bucket(job_id: &JobId, number: u16) -> String {
    format!("{job_id}#{number}")
}

/// Job of an execution's row.
pub(crate) fn job_of(key: &Key) -> Option<JobId> {
    key.pk.rsplit_once('#')?.0.parse().ok()
}

/// Position in a listing by `due`, for an execution whose name tells nothing about its time. Texts are
/// as in [`execution`].
pub(crate) fn by_due(id: &ExecutionId, due: Timestamp) -> String {
    format!("{}#{}", written(due), slot_and_generation(id))
}

/// Partition and prefix that all generations of an execution share.
pub(crate) fn generations(first: &ExecutionId, buckets: u16) -> Key {
    let key = execution(first, buckets);
    let sk = key.sk.strip_suffix(&generation(first.generation())).unwrap_or(&key.sk);
    Key { sk: format!("{sk}~"), pk: key.pk }
}

/// Generation in a sort key that begins with `prefix`. For an element it is the generation of the
/// execution that the element belongs to.
pub(crate) fn parse_generation(sk: &str, prefix: &str) -> Option<u32> {
    sk.strip_prefix(prefix)?.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ExecutionId {
        text.parse().unwrap()
    }

    fn sk(text: &str) -> String {
        execution(&id(text), 4).sk
    }

    #[test]
    fn digits_keep_the_order_of_time() {
        let instants =
            [i64::MIN, -NEGATIVE_BASE, -1_000_000, -5, -1, 0, 9, 10, 1_795_392_000_000, LONGEST_MS];
        let texts: Vec<String> = instants.iter().map(|ms| digits(Timestamp(*ms))).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        assert!(texts.iter().all(|text| text.len() == 15), "{texts:?}");
        for (ms, text) in instants.iter().zip(&texts).skip(1) {
            assert_eq!(undigits(text), Some(Timestamp(*ms)), "{text}");
        }
        for strange in ["", "1", "+00000000000001", "-0000000000000x", "0000000000000001"] {
            assert_eq!(undigits(strange), None, "{strange}");
        }
    }

    #[test]
    fn written_instants_keep_the_order_of_time() {
        let instants = [i64::MIN, FIRST_WRITTEN_MS, -1, 0, 1, 999, 1_000, 1_795_392_000_500, i64::MAX];
        let texts: Vec<String> = instants.iter().map(|ms| written(Timestamp(*ms))).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        assert!(texts.iter().all(|text| text.len() == "2026-11-23T00:00:00.000Z".len()), "{texts:?}");
    }

    #[test]
    fn slots_stand_in_the_order_of_time() {
        let ordered = [
            "j@key:with+signs",
            "j@nightly",
            "j@2026-11-23T00:00:00Z",
            "j@2026-11-23T00:00:00Z~2",
            "j@2026-11-23T00:00:00Z~10",
            "j@2026-11-23T00:00:00.5Z",
            "j@2026-11-23T00:00:01Z",
            "j@2026-11-24T00:00:00Z",
        ];
        let keys: Vec<String> = ordered.iter().map(|text| sk(text)).collect();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn a_ulid_stands_at_its_instant() {
        let ulid = ulid::Ulid::from_parts(1_795_392_000_500, 7);
        let key = sk(&format!("j@{ulid}"));
        assert!(sk("j@2026-11-23T00:00:00Z") < key && key < sk("j@2026-11-23T00:00:01Z"), "{key}");
        assert_eq!(instant_in_name(&id(&format!("j@{ulid}"))), Some(Timestamp(1_795_392_000_500)));
        let lower_case = ulid.to_string().to_lowercase();
        assert_eq!(instant_in_name(&id(&format!("j@{lower_case}"))), None, "another name");
    }

    #[test]
    fn generations_share_a_partition_and_a_prefix() {
        let prefix = generations(&id("j@x"), 4);
        for name in ["j@x", "j@x~2", "j@x~10"] {
            let key = execution(&id(name), 4);
            assert!(key.pk == prefix.pk && key.sk.starts_with(&prefix.sk), "{key:?}");
            assert_eq!(parse_generation(&key.sk, &prefix.sk), Some(id(name).generation()));
        }
        for name in ["j@x-1", "j@xy", "j@x:00"] {
            assert!(!sk(name).starts_with(&prefix.sk), "{name}");
        }
    }

    #[test]
    fn elements_stand_behind_their_whole_in_the_order_of_the_list() {
        let ordered = ["j@x", "j@x,0", "j@x,2", "j@x,2~2", "j@x,10", "j@x~2", "j@x~2,0"];
        let keys: Vec<String> = ordered.iter().map(|text| sk(text)).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        let prefix = generations(&id("j@x~2,7"), 4);
        assert_eq!(parse_generation(&sk("j@x~2,7~3"), &prefix.sk), Some(3));
        assert_eq!(parse_generation(&sk("j@x~2,0"), &generations(&id("j@x"), 4).sk), Some(2));
        assert!(!sk("j@x~2,70").starts_with(&prefix.sk) && !sk("j@x,7").starts_with(&prefix.sk));
    }

    #[test]
    fn one_job_uses_all_buckets() {
        let partitions: std::collections::BTreeSet<String> =
            (0..100).map(|number| execution(&id(&format!("j@{number}")), 4).pk).collect();
        assert_eq!(partitions.into_iter().collect::<Vec<_>>(), ["j#0", "j#1", "j#2", "j#3"]);
    }

    #[test]
    fn timers_come_back_from_their_keys() {
        for text in ["slot j@2026-11-23T00:00:00Z", "start j@x~2 3", "check push@key:1 1"] {
            let key = TimerKey { shard: 3, fire_at: Timestamp(-5), what: text.parse().unwrap() };
            assert_eq!(parse_timer(3, &timer(&key).sk), Some(key));
        }
        assert_eq!(parse_timer(0, "000000000000001"), None);
    }

    #[test]
    fn a_bound_is_behind_all_of_its_instant_and_before_the_next() {
        let key = |ms| TimerKey { shard: 0, fire_at: Timestamp(ms), what: "start j@x 1".parse().unwrap() };
        let bound = timers_until(Timestamp(5));
        assert!(timer(&key(5)).sk < bound && bound < timer(&key(6)).sk);
        assert!(timer(&key(5)).sk < successor(&timer(&key(5)).sk));
    }
}
