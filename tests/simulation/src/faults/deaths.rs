//! Faults that meet with a death: each alone is mended by what the other may take away.

use crate::machine::State;

/// Two faults that come within this time of each other meet.
const TOGETHER_MS: u64 = 120_000;

/// Faults, each with the name under which its meetings with deaths are counted.
const MEETINGS: &[(&str, &str)] = &[
    ("fault: a clock steps ahead by seconds", "with a death: a clock steps ahead by seconds"),
    ("fault: a clock steps back by seconds", "with a death: a clock steps back by seconds"),
    ("fault: a clock steps ahead by hours", "with a death: a clock steps ahead by hours"),
    ("fault: a clock steps back by hours", "with a death: a clock steps back by hours"),
    ("fault: a clock steps ahead by days", "with a death: a clock steps ahead by days"),
    ("fault: a clock steps back by days", "with a death: a clock steps back by days"),
    ("fault: freeze", "with a death: freeze"),
    ("fault: store away", "with a death: store away"),
    ("fault: unreadable job", "with a death: unreadable job"),
    ("fault: unreadable row", "with a death: unreadable row"),
    ("sweep: message held back", "with a death: message held back"),
    ("wait: 700 s before a start", "with a death: wait of 700 s"),
    ("misfire: skip", "with a death: misfire, skip"),
    ("misfire: latest", "with a death: misfire, latest"),
    ("misfire: all", "with a death: misfire, all"),
];

/// Last instants of faults, by their place in `MEETINGS`, and of a death.
#[derive(Default)]
pub struct Deaths {
    last_ms: Option<u64>,
    met_ms: Vec<(usize, u64)>,
}

impl State {
    /// Counts something, and its meeting with a death where there was one just before.
    pub fn met(&mut self, what: &'static str) {
        self.coverage.add(what);
        let Some(place) = MEETINGS.iter().position(|(fault, _)| *fault == what) else { return };
        let now_ms = self.time.now_ms;
        if self.deaths.last_ms.is_some_and(|at| now_ms - at <= TOGETHER_MS) {
            self.coverage.add(MEETINGS[place].1);
        }
        self.deaths.met_ms.retain(|(other, _)| *other != place);
        self.deaths.met_ms.push((place, now_ms));
    }

    pub fn note_death(&mut self) {
        let now_ms = self.time.now_ms;
        self.deaths.last_ms = Some(now_ms);
        for (place, at) in &self.deaths.met_ms {
            if now_ms - at <= TOGETHER_MS {
                self.coverage.add(MEETINGS[*place].1);
            }
        }
    }
}
