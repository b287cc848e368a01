//! Body of a message: JSON with a format number, so that an older version recognises a message that it
//! must leave to a newer version.

use belfry_domain::{JobId, Message, Timestamp, Wave};
use serde::{Deserialize, Serialize};

const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Body {
    /// Wave, for the dispatcher.
    Wave(Wave),
    /// Message, for a worker.
    Message(Message),
    /// Slot, for the dispatcher, from a job's own schedule in EventBridge Scheduler.
    Slot { job_id: JobId, slot: Timestamp },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The message stays in its queue for a version that knows its format.
    #[error("format {0} is newer than {FORMAT}, the newest format of this version")]
    Newer(u32),
    /// No version will be able to read the message.
    #[error("{0}")]
    Malformed(String),
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Default, Serialize, Deserialize)]
struct Envelope {
    format: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    wave: Option<Wave>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<Slot>,
}

/// Call of a slot. EventBridge Scheduler fills in the slot as RFC 3339.
#[derive(Serialize, Deserialize)]
struct Slot {
    job_id: JobId,
    slot: String,
}

impl Body {
    pub fn encode(self) -> String {
        let mut envelope = Envelope { format: FORMAT, ..Envelope::default() };
        match self {
            Self::Wave(wave) => envelope.wave = Some(wave),
            Self::Message(message) => envelope.message = Some(message),
            Self::Slot { job_id, slot } => envelope.slot = Some(Slot { job_id, slot: slot.to_string() }),
        }
        serde_json::to_string(&envelope).unwrap_or_else(|_| unreachable!("its keys are strings"))
    }

    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let malformed = |error: serde_json::Error| DecodeError::Malformed(error.to_string());
        let Format { format } = serde_json::from_str(text).map_err(malformed)?;
        if format > FORMAT {
            return Err(DecodeError::Newer(format));
        }
        match serde_json::from_str(text).map_err(malformed)? {
            Envelope { wave: Some(wave), .. } => Ok(Self::Wave(wave)),
            Envelope { message: Some(message), .. } => Ok(Self::Message(message)),
            Envelope { slot: Some(Slot { job_id, slot }), .. } => {
                let slot = slot
                    .parse()
                    .map_err(|_| DecodeError::Malformed(format!("{slot:?} is not an instant")))?;
                Ok(Self::Slot { job_id, slot })
            }
            _ => Err(DecodeError::Malformed("it holds neither a wave, a message nor a slot".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqs::fixtures::message;

    #[test]
    fn what_is_written_is_read() {
        let wave = Wave { second: 1_700_000_000, messages: vec![message(1), message(2)] };
        let slot = Body::Slot { job_id: "nightly".parse().unwrap(), slot: Timestamp(1_700_000_000_000) };
        for body in [Body::Wave(wave), Body::Message(message(3)), slot] {
            assert_eq!(Body::decode(&body.clone().encode()), Ok(body));
        }
    }

    #[test]
    fn the_form_on_the_wire() {
        let text = Body::Message(message(7)).encode();
        assert!(text.starts_with(r#"{"format":1,"message":{"execution_id":"push@7","#), "{text}");
    }

    #[test]
    fn newer_formats_are_told_from_nonsense() {
        assert_eq!(Body::decode(r#"{"format":2,"comet":{}}"#), Err(DecodeError::Newer(2)));
        for text in ["", "{}", "[1]", r#"{"format":1}"#, r#"{"format":1,"wave":{}}"#] {
            assert!(matches!(Body::decode(text), Err(DecodeError::Malformed(_))), "{text}");
        }
    }
}
