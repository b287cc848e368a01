//! Batches: from messages to requests, within the limits of SQS.

use std::{collections::BTreeMap, time::Duration};

use belfry_domain::{Message, Timestamp, Wave};

use super::body::Body;
use crate::Names;

/// Longest delay that SQS accepts. Work that is due later is left to its timer.
pub const MAX_DELAY_SECONDS: u64 = 900;
const MAX_ENTRIES: usize = 10;
/// Maximum size of a message and of a request, in bytes. SQS takes 1 MiB, and counts one request for
/// each 64 KB.
const MAX_BYTES: usize = 256 * 1024;
/// Maximum number of messages in a wave: as many as one dispatcher hands on within a second.
const MAX_WAVE: usize = 500;
/// Size of the envelope around the messages of a wave, in bytes.
const ENVELOPE_BYTES: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub body: String,
    pub delay_seconds: i32,
}

/// Whole seconds until the wave's second begins, rounded down. `None` where SQS can't delay that long.
pub fn delay_seconds(second: i64, now: Timestamp) -> Option<i32> {
    let left_ms = (second * 1000).saturating_sub(now.0).max(0);
    let seconds = left_ms / 1000;
    i32::try_from(seconds).ok().filter(|seconds| u64::from(seconds.unsigned_abs()) <= MAX_DELAY_SECONDS)
}

/// Entries for a wave: several where the wave is too large for one.
pub fn wave_entries(wave: Wave, delay_seconds: i32) -> Vec<Entry> {
    let mut parts: Vec<Vec<Message>> = Vec::new();
    let mut bytes = MAX_BYTES;
    for message in wave.messages {
        let size = encoded_bytes(&message);
        match parts.last_mut() {
            Some(part) if bytes + size <= MAX_BYTES && part.len() < MAX_WAVE => {
                bytes += size;
                part.push(message);
            }
            _ => {
                bytes = ENVELOPE_BYTES + size;
                parts.push(vec![message]);
            }
        }
    }
    let entry =
        |messages| Entry { body: Body::Wave(Wave { second: wave.second, messages }).encode(), delay_seconds };
    parts.into_iter().map(entry).collect()
}

/// Size of a message as JSON in bytes, with the comma after it.
fn encoded_bytes(message: &Message) -> usize {
    serde_json::to_string(message).map_or(0, |text| text.len()) + 1
}

/// Entries by the queue that each belongs to. SQS can't reorder. So a message that is sent again after a
/// long wait goes to the queue of the class that it has risen to, one class for each `step`. The claim
/// ignores the copy that comes second.
pub fn by_queue(
    names: &Names,
    messages: Vec<Message>,
    now: Timestamp,
    step: Duration,
) -> BTreeMap<String, Vec<Entry>> {
    let mut queues: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for message in messages {
        let class = message.urgency(now, step);
        let queue = names.worker_queue(&message.pool, class);
        queues
            .entry(queue)
            .or_default()
            .push(Entry { body: Body::Message(message).encode(), delay_seconds: 0 });
    }
    queues
}

/// Requests with as many entries as SQS takes in one.
pub fn batches(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut batches: Vec<Vec<Entry>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let size = entry.body.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_ENTRIES && bytes + size <= MAX_BYTES => {
                bytes += size;
                batch.push(entry);
            }
            _ => {
                bytes = size;
                batches.push(vec![entry]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use belfry_domain::AGEING_STEP;

    use super::*;
    use crate::sqs::fixtures::message;

    #[test]
    fn delays_are_rounded_down_and_never_above_what_sqs_takes() {
        let now = Timestamp(1_700_000_000_400);
        let delay = |second| delay_seconds(second, now);
        assert_eq!(delay(1_700_000_000), Some(0));
        assert_eq!(delay(1_700_000_001), Some(0));
        assert_eq!(delay(1_700_000_002), Some(1));
        assert_eq!(delay(1_699_999_000), Some(0));
        assert_eq!(delay(1_700_000_901), Some(900));
        assert_eq!(delay(1_700_000_902), None);
        assert_eq!(delay(i64::MAX / 1000), None);
    }

    #[test]
    fn a_large_wave_becomes_several_of_the_same_second() {
        let messages: Vec<Message> = (0..1201).map(message).collect();
        let entries = wave_entries(Wave { second: 9, messages: messages.clone() }, 3);
        assert_eq!(entries.len(), 3);
        let mut found = Vec::new();
        for entry in entries {
            assert!(entry.body.len() <= MAX_BYTES && entry.delay_seconds == 3);
            let Ok(Body::Wave(wave)) = Body::decode(&entry.body) else { panic!("{}", entry.body) };
            assert_eq!(wave.second, 9);
            found.extend(wave.messages);
        }
        assert_eq!(found, messages);
    }

    #[test]
    fn messages_go_to_the_queue_of_their_pool_and_priority() {
        let mut gpu = message(1);
        gpu.pool = "gpu".to_owned();
        let now = message(2).due;
        let queues = by_queue(&Names::new("bell"), vec![gpu, message(2), message(3)], now, AGEING_STEP);
        let sizes: Vec<_> = queues.iter().map(|(name, entries)| (name.as_str(), entries.len())).collect();
        assert_eq!(sizes, [("bell-default-normal", 2), ("bell-gpu-normal", 1)]);
    }

    #[test]
    fn what_has_waited_goes_to_a_higher_class() {
        let low = Message { priority: belfry_domain::Priority::Low, ..message(1) };
        let queue = |steps| {
            let now = low.due.plus(AGEING_STEP * steps);
            by_queue(&Names::new("bell"), vec![low.clone()], now, AGEING_STEP).into_keys().next()
        };
        let names = ["low", "normal", "high", "critical", "critical"]
            .map(|class| Some(format!("bell-default-{class}")));
        assert_eq!([0, 1, 2, 3, 9].map(queue), names);
    }

    proptest! {
        #[test]
        fn batches_hold_everything_in_order_within_the_limits(
            sizes in prop::collection::vec(1..MAX_BYTES, 0..60)
        ) {
            let entries: Vec<Entry> =
                sizes.iter().map(|size| Entry { body: "x".repeat(*size), delay_seconds: 0 }).collect();
            let batches = batches(entries.clone());
            for batch in &batches {
                prop_assert!(!batch.is_empty() && batch.len() <= MAX_ENTRIES);
                prop_assert!(batch.iter().map(|entry| entry.body.len()).sum::<usize>() <= MAX_BYTES);
            }
            prop_assert_eq!(batches.concat(), entries);
        }
    }
}
