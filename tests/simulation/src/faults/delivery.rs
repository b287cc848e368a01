//! Faults of the queues: parcels are lost, doubled or late.

use crate::machine::State;

/// Delays of the copies of one parcel, counted from its regular arrival; empty where the parcel is
/// lost.
pub struct Delivery {
    pub delays_ms: Vec<u64>,
}

/// Names under which a parcel's faults are counted.
pub struct Names {
    pub lost: &'static str,
    pub doubled: &'static str,
    pub late: &'static str,
}

pub const MESSAGE: Names =
    Names { lost: "fault: message lost", doubled: "fault: message doubled", late: "fault: message late" };
pub const CALL: Names =
    Names { lost: "fault: call lost", doubled: "fault: call doubled", late: "fault: call late" };
pub const WAVE: Names =
    Names { lost: "fault: wave lost", doubled: "fault: wave doubled", late: "fault: wave late" };

const LATEST_MS: u64 = 180_000;

impl Delivery {
    /// Delay of the first copy. `None` where the parcel is lost.
    pub fn first_ms(&self) -> Option<u64> {
        self.delays_ms.iter().min().copied()
    }

    pub fn draw(state: &mut State, names: &Names) -> Self {
        if !state.has_faults() {
            return Self { delays_ms: vec![0] };
        }
        if state.rng.percent(state.faults.losses) {
            state.coverage.add(names.lost);
            return Self { delays_ms: vec![] };
        }
        let mut delays_ms = vec![state.rng.below(50)];
        if state.rng.percent(state.faults.delays) {
            state.coverage.add(names.late);
            delays_ms = vec![state.rng.between(1_000, LATEST_MS)];
        }
        if state.rng.percent(state.faults.copies) {
            state.coverage.add(names.doubled);
            let most = if state.rng.percent(50) { 100 } else { LATEST_MS };
            delays_ms.push(state.rng.between(1, most));
        }
        Self { delays_ms }
    }
}
