//! Ids. They are readable, and ids of executions are deterministic: everything that arrives at the same
//! slot, by whatever way, arrives at the same id.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Maximum length of a job id or slot name, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    #[error("{what} is empty")]
    Empty { what: &'static str },
    #[error("{what} has {length} bytes; at most {most} are allowed")]
    TooLong { what: &'static str, length: usize, most: usize },
    #[error(
        "{what} {text:?}: character {character:?} at position {position} is not allowed; use letters, digits and {allowed}"
    )]
    Character { what: &'static str, text: String, character: char, position: usize, allowed: &'static str },
    #[error(
        "{what} {text:?}: character {character:?} at position {position} is not a visible character of ASCII"
    )]
    Invisible { what: &'static str, text: String, character: char, position: usize },
    #[error("a job id must not consist of dots only")]
    OnlyDots,
    #[error(
        "execution id {text:?} has no `@`: it is written job_id@slot, for instance daily_report@2026-11-23T00:00:00Z"
    )]
    NoSlot { text: String },
    #[error("backfill id {text:?} is not a ULID: 26 letters and digits, as in `belfry backfills`")]
    NoUlid { text: String },
    #[error("execution id {text:?}: the generation after `~` must be a whole number from 2")]
    Generation { text: String },
    #[error("execution id {text:?}: the element after `,` must be a whole number from 0")]
    Element { text: String },
}

fn is_allowed(character: char, allowed: &str) -> bool {
    character.is_ascii_alphanumeric() || allowed.contains(character)
}

fn check(what: &'static str, text: &str, allowed: &'static str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { what });
    }
    if text.len() > MAX_NAME_BYTES {
        return Err(IdError::TooLong { what, length: text.len(), most: MAX_NAME_BYTES });
    }
    match text.char_indices().find(|(_, c)| !is_allowed(*c, allowed)) {
        None => Ok(()),
        Some((position, character)) => {
            Err(IdError::Character { what, text: text.to_owned(), character, position, allowed })
        }
    }
}

macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}
pub(crate) use text_id;

/// Id of a job: letters, digits, `_`, `-`, `.`; at most 128 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(Arc<str>);
text_id!(JobId);

impl JobId {
    /// Id of the job under which pushed work without a name is filed.
    pub const PUSH: &'static str = "push";

    pub fn push() -> Self {
        Self(Self::PUSH.into())
    }
}

impl FromStr for JobId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        check("job id", text, "_-.")?;
        if text.bytes().all(|byte| byte == b'.') {
            // `.` and `..` mean something else in the path of a URL.
            return Err(IdError::OnlyDots);
        }
        Ok(Self(text.into()))
    }
}

/// Id of a backfill: a ULID, so that backfills are listed in the order of their creation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackfillId(Arc<str>);
text_id!(BackfillId);

impl BackfillId {
    pub fn from_ulid(ulid: &ulid::Ulid) -> Self {
        Self(ulid.to_string().into())
    }
}

impl FromStr for BackfillId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_ulid = ulid::Ulid::from_string(text).is_ok_and(|ulid| ulid.to_string() == text);
        if is_ulid { Ok(Self(text.into())) } else { Err(IdError::NoUlid { text: text.to_owned() }) }
    }
}

/// Punctuation that slot names may contain.
const SLOT_PUNCTUATION: &str = "_-.:+";

/// Part of an execution id after the `@`: an instant, a ULID, or the slot name of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotName(Arc<str>);
text_id!(SlotName);

impl SlotName {
    pub fn at(slot: Timestamp) -> Self {
        Self(slot.to_string().into())
    }

    /// Slot name from a ULID, which needs no check: it consists of letters and digits.
    pub fn from_ulid(ulid: &ulid::Ulid) -> Self {
        Self(ulid.to_string().into())
    }

    pub(crate) fn allows(character: char) -> bool {
        is_allowed(character, SLOT_PUNCTUATION)
    }

    /// Slot name from a text that is known to contain only allowed characters.
    pub(crate) fn checked(name: String) -> Self {
        debug_assert!(name.parse::<Self>().is_ok(), "{name}");
        Self(name.into())
    }

    /// Instant of the slot. `None` where the slot is not named after an instant.
    pub fn instant(&self) -> Option<Timestamp> {
        // Cheap refusal first: most slot names of pushed work are ULIDs or keys.
        if !self.0.ends_with('Z') {
            return None;
        }
        self.0.parse().ok()
    }
}

impl FromStr for SlotName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        check("slot name", text, SLOT_PUNCTUATION)?;
        Ok(Self(text.into()))
    }
}

/// Id of an execution: `job_id@slot`, followed by `~n` from the second generation on. An element adds
/// `,index`, and counts its own generations: `resize@2026-11-23T00:00:00Z~2,7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExecutionId(Arc<str>);
text_id!(ExecutionId);

/// Separator of the generation. It occurs in no job id and no slot name.
const GENERATION: char = '~';
const ELEMENT: char = ',';

impl ExecutionId {
    pub fn new(job_id: &JobId, slot: &SlotName) -> Self {
        Self(format!("{job_id}@{slot}").into())
    }

    pub fn scheduled(job_id: &JobId, slot: Timestamp) -> Self {
        Self(format!("{job_id}@{slot}").into())
    }

    pub fn job_id(&self) -> JobId {
        JobId(self.0.split_once('@').map_or(&*self.0, |(job_id, _)| job_id).into())
    }

    pub fn slot(&self) -> SlotName {
        let rest = self.0.split_once('@').map_or("", |(_, rest)| rest);
        SlotName(rest.split([GENERATION, ELEMENT]).next().unwrap_or_default().into())
    }

    /// Instant of the schedule's slot whose first execution this is. `None` for other executions.
    pub fn first_of_slot(&self) -> Option<Timestamp> {
        let is_first = !self.0.contains([GENERATION, ELEMENT]);
        self.slot().instant().filter(|_| is_first)
    }

    /// Generation: 1 for the first execution of a slot, counted up by redrives and retries by hand.
    pub fn generation(&self) -> u32 {
        self.generation_text().and_then(|n| n.parse().ok()).unwrap_or(1)
    }

    fn generation_text(&self) -> Option<&str> {
        let own = self.0.rsplit(ELEMENT).next()?;
        own.split_once(GENERATION).map(|(_, generation)| generation)
    }

    pub fn with_generation(&self, generation: u32) -> Self {
        let length = self.generation_text().map_or(self.0.len(), |text| self.0.len() - text.len() - 1);
        let first = &self.0[..length];
        match generation {
            0 | 1 => Self(first.into()),
            n => Self(format!("{first}{GENERATION}{n}").into()),
        }
    }

    /// Id of one element's execution.
    pub fn element(&self, index: u32) -> Self {
        Self(format!("{self}{ELEMENT}{index}").into())
    }

    /// Index of the element in its list, counted from 0. `None` for an execution that is no element's.
    pub fn element_index(&self) -> Option<u32> {
        let (_, element) = self.0.split_once(ELEMENT)?;
        element.split(GENERATION).next()?.parse().ok()
    }

    /// Id of the execution that this element belongs to. `None` for an execution that is no element's.
    pub fn whole(&self) -> Option<Self> {
        self.0.split_once(ELEMENT).map(|(whole, _)| Self(whole.into()))
    }
}

impl FromStr for ExecutionId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let (job_id, rest) = text.split_once('@').ok_or_else(|| IdError::NoSlot { text: text.to_owned() })?;
        job_id.parse::<JobId>()?;
        let (whole, element) =
            rest.split_once(ELEMENT).map_or((rest, None), |(whole, element)| (whole, Some(element)));
        first(whole, text)?.parse::<SlotName>()?;
        if let Some(element) = element
            && !is_canonical(first(element, text)?, 0)
        {
            return Err(IdError::Element { text: text.to_owned() });
        }
        Ok(Self(text.into()))
    }
}

/// Part of an id without its generation. `text` is the whole id, for the error.
///
/// # Errors
/// The generation is not written in its canonical form.
fn first<'a>(part: &'a str, text: &str) -> Result<&'a str, IdError> {
    match part.split_once(GENERATION) {
        None => Ok(part),
        Some((first, generation)) if is_canonical(generation, 2) => Ok(first),
        Some(_) => Err(IdError::Generation { text: text.to_owned() }),
    }
}

/// Whether a number is written in its only permitted form, and is at least `least`.
fn is_canonical(number: &str, least: u32) -> bool {
    number.parse::<u32>().is_ok_and(|n| n >= least && n.to_string() == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_id_reads_as_job_slot_and_generation() {
        let id: ExecutionId = "daily_report@2026-11-23T00:00:00Z".parse().unwrap();
        assert_eq!(id.job_id().as_str(), "daily_report");
        assert_eq!(id.slot().instant(), "2026-11-23T00:00:00Z".parse().ok());
        assert_eq!(id.generation(), 1);
        let second = id.with_generation(2);
        assert_eq!(second.as_str(), "daily_report@2026-11-23T00:00:00Z~2");
        assert_eq!(second.generation(), 2);
        assert_eq!(second.with_generation(1), id);
    }

    #[test]
    fn an_element_is_of_one_generation_and_has_its_own() {
        let whole: ExecutionId = "resize@x~2".parse().unwrap();
        let element = whole.element(7);
        assert_eq!(element, "resize@x~2,7".parse().unwrap());
        assert_eq!((element.whole(), element.element_index()), (Some(whole.clone()), Some(7)));
        assert_eq!((element.job_id().as_str(), element.slot().as_str()), ("resize", "x"));
        let again = element.with_generation(3);
        assert_eq!(again.as_str(), "resize@x~2,7~3");
        assert_eq!((again.generation(), again.element_index()), (3, Some(7)));
        assert_eq!((again.with_generation(1), again.whole()), (element.clone(), Some(whole.clone())));
        assert_eq!((element.generation(), whole.generation(), whole.element_index()), (1, 2, None));
    }

    #[test]
    fn only_a_first_execution_stands_for_its_slot() {
        let first: ExecutionId = "a@2026-11-23T00:00:00Z".parse().unwrap();
        assert_eq!(first.first_of_slot(), "2026-11-23T00:00:00Z".parse().ok());
        assert_eq!(first.with_generation(2).first_of_slot(), None);
        assert_eq!(first.element(0).first_of_slot(), None);
    }

    #[test]
    fn a_scheduled_id_and_a_parsed_one_are_equal() {
        let slot: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let id = ExecutionId::scheduled(&"j".parse().unwrap(), slot);
        assert_eq!(id, "j@2026-11-23T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn bad_ids_say_what_is_wrong() {
        for bad in ["", "a", "..@x", "a b@x", "a@", "a@x~", "a@x~1", "a@x~02", "a@x~y", "@x", "a@x@y"] {
            assert!(bad.parse::<ExecutionId>().is_err(), "{bad}");
        }
        for bad in
            ["a@x,", "a@x,01", "a@x,-1", "a@x,y", "a@,1", "a@x,1,2", "a@x~1,2", "a@x,2~1", "a@x,2~y", "a,1@x"]
        {
            assert!(bad.parse::<ExecutionId>().is_err(), "{bad}");
        }
        let error = "nightly report".parse::<JobId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "job id \"nightly report\": character ' ' at position 7 is not allowed; use letters, digits and _-."
        );
    }
}
