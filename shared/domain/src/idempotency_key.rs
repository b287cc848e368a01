//! Idempotency keys, by which clients name their requests, and the slots that they stand for.

use std::{fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{IdError, SlotName, Timestamp, id::text_id};

/// Maximum length of an idempotency key, in characters.
pub const MAX_KEY_LENGTH: usize = 255;

const WHAT: &str = "idempotency key";
/// First character of slot names that are derived from a key. A key that begins with it never is a slot
/// name itself.
const DERIVED: char = ':';
/// Number of characters of a key that its derived slot name shows.
const SHOWN: usize = 40;
/// Number of bytes of the hash in a derived slot name: two keys would need 2^64 tries to share one.
const HASHED: usize = 16;

/// Idempotency key: a client's name for a request, so that the request can be sent again. 1 to 255
/// visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(Arc<str>);
text_id!(IdempotencyKey);

impl FromStr for IdempotencyKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty { what: WHAT });
        }
        if let Some((position, character)) = text.char_indices().find(|(_, c)| !c.is_ascii_graphic()) {
            return Err(IdError::Invisible { what: WHAT, text: text.to_owned(), character, position });
        }
        if text.len() > MAX_KEY_LENGTH {
            return Err(IdError::TooLong { what: WHAT, length: text.len(), most: MAX_KEY_LENGTH });
        }
        Ok(Self(text.into()))
    }
}

impl IdempotencyKey {
    /// Name of the slot at which the request's execution is found: the key itself where the key can be
    /// a slot name. It is never an instant, because only schedules give instants: no request arrives at
    /// a slot of a job's schedule. Two keys have two names.
    pub fn slot_name(&self) -> SlotName {
        let itself = SlotName::from_str(&self.0).ok();
        itself.filter(|_| !self.is_taken()).unwrap_or_else(|| self.derived())
    }

    /// Whether the key reads as an instant in any spelling, also with years beyond four digits, or as a
    /// derived name.
    fn is_taken(&self) -> bool {
        let is_instant = self.0.parse::<Timestamp>().is_ok() || self.0.parse::<DateTime<Utc>>().is_ok();
        is_instant || self.0.starts_with(DERIVED)
    }

    fn derived(&self) -> SlotName {
        let allowed = |c: char| if SlotName::allows(c) { c } else { '_' };
        let shown: String = self.0.chars().take(SHOWN).map(allowed).collect();
        let digest = Sha256::digest(self.0.as_bytes());
        let hash = u128::from_be_bytes(std::array::from_fn::<u8, HASHED, _>(|byte| digest[byte]));
        SlotName::checked(format!("{DERIVED}{shown}{DERIVED}{hash:032x}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ExecutionId, JobId};

    fn slot_of(key: &str) -> SlotName {
        key.parse::<IdempotencyKey>().unwrap().slot_name()
    }

    #[test]
    fn a_key_that_can_be_a_slot_is_one() {
        let longest = "x".repeat(128);
        for key in ["order-42", "01KB0000000000000000000000", "a:b+c.d_e", "2026-11-30", "..", &longest] {
            assert_eq!(slot_of(key).as_str(), key);
        }
    }

    #[test]
    fn others_have_a_name_that_shows_how_they_begin() {
        assert_eq!(slot_of("orders/42").as_str(), ":orders_42:c4dd165f06c35f87f80d9c755d8703ef");
        let instant = slot_of("2026-11-30T07:13:00Z");
        assert!(instant.as_str().starts_with(":2026-11-30T07:13:00Z:"), "{instant}");
        assert_eq!(slot_of(&"/".repeat(255)).as_str().len(), 1 + SHOWN + 1 + 2 * HASHED);
        assert_ne!(slot_of(instant.as_str()), instant, "the name itself is another key");
    }

    #[test]
    fn a_key_is_visible_and_not_too_long() {
        let too_long = "x".repeat(256);
        for (bad, why) in [
            ("", "idempotency key is empty"),
            (
                "a b",
                "idempotency key \"a b\": character ' ' at position 1 is not a visible character of ASCII",
            ),
            (
                "grüße",
                "idempotency key \"grüße\": character 'ü' at position 2 is not a visible character of ASCII",
            ),
            (too_long.as_str(), "idempotency key has 256 bytes; at most 255 are allowed"),
        ] {
            assert_eq!(bad.parse::<IdempotencyKey>().unwrap_err().to_string(), why);
        }
    }

    /// Generates keys that a client might send to reach a slot of a schedule, and arbitrary keys.
    fn keys() -> impl Strategy<Value = String> {
        let instant =
            (-8_000_000_000_000_000_i64..8_000_000_000_000_000).prop_map(|ms| Timestamp(ms).to_string());
        let whole = (0_i64..4_000_000_000).prop_map(|second| Timestamp(1000 * second).to_string());
        let spelled = (0_i64..4_000_000_000, "(Z|z|\\+00:00|-00:00)", "(\\.0{1,9})?").prop_map(
            |(second, zone, fraction)| {
                Timestamp(1000 * second).to_string().replace('Z', &format!("{fraction}{zone}"))
            },
        );
        prop_oneof![instant, whole, spelled, "[!-~]{1,255}", "[0-9TZ:.,~@+-]{1,40}"]
    }

    proptest! {
        #[test]
        fn no_key_arrives_at_the_slot_of_a_schedule(key in keys(), ms in any::<i64>()) {
            let slot = slot_of(&key);
            prop_assert_eq!(slot.instant(), None);
            let job: JobId = "payroll".parse().unwrap();
            let id = ExecutionId::new(&job, &slot);
            prop_assert_ne!(&id, &ExecutionId::scheduled(&job, Timestamp(ms)));
            if let Ok(at) = key.parse::<DateTime<Utc>>() {
                prop_assert_ne!(&id, &ExecutionId::scheduled(&job, at.into()));
            }
            prop_assert_eq!(id.as_str().parse::<ExecutionId>().unwrap(), id.clone());
            prop_assert_eq!((id.job_id(), id.slot(), id.generation(), id.element_index()), (job, slot, 1, None));
        }

        #[test]
        fn no_instant_is_a_slot_by_itself(ms in -8_000_000_000_000_000_i64..8_000_000_000_000_000) {
            let instant = Timestamp(ms).to_string();
            let slot = slot_of(&instant);
            prop_assert_ne!(slot.as_str(), instant.as_str());
        }

        #[test]
        fn two_keys_have_two_slots(one in keys(), other in keys()) {
            prop_assert_eq!(one == other, slot_of(&one) == slot_of(&other));
            prop_assert_ne!(slot_of(slot_of(&one).as_str()) == slot_of(&one), slot_of(&one).as_str() != one);
        }
    }
}
