//! Simulated time: one monotonic clock for all processes, a wall clock for each, and an agenda of what
//! is to happen when.

use std::{
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{Clock, Random};

use super::{ProcessId, Role, World, network::Parcel};

/// Entry of the agenda.
pub enum Entry {
    Wake(Waker),
    Arrive(Parcel),
    Boot(Role),
    /// The process of this role dies.
    Die(Role),
    /// All wall clocks step by this many milliseconds.
    Step(i64),
    /// Workers look for messages again.
    Serve,
}

/// Instant in milliseconds, and the place among the entries of that instant.
pub type Place = (u64, u64);

/// Clock of the simulation in milliseconds since its start, and everything that is still to come.
pub struct Time {
    pub now_ms: u64,
    /// Wall time at the start.
    pub began: Timestamp,
    /// Sum of the jumps of all wall clocks, in milliseconds.
    pub jumped_ms: i64,
    /// Latest instant that any wall clock had shown before it was set back.
    pub highest: Timestamp,
    /// Whether clocks step by hours and days.
    pub steps_far: bool,
    /// Until then a clock that was set back when the faults stopped stays where it is.
    pub back_until_ms: u64,
    /// Whether all clocks were set right, after the last fault.
    pub is_right: bool,
    /// Whether they have come to where they had been before.
    pub has_caught_up: bool,
    agenda: BTreeMap<Place, Entry>,
    entries: u64,
}

impl Time {
    pub fn new(began: Timestamp, steps_far: bool) -> Self {
        let highest = Timestamp::MIN;
        let (agenda, entries) = (BTreeMap::new(), 0);
        Self {
            now_ms: 0,
            began,
            jumped_ms: 0,
            highest,
            steps_far,
            back_until_ms: 0,
            is_right: false,
            has_caught_up: false,
            agenda,
            entries,
        }
    }

    pub fn wall(&self) -> Timestamp {
        Timestamp(self.began.0 + self.now_ms as i64 + self.jumped_ms)
    }

    pub fn at(&mut self, when_ms: u64, entry: Entry) -> Place {
        self.entries += 1;
        let place = (when_ms, self.entries);
        self.agenda.insert(place, entry);
        place
    }

    pub fn after(&mut self, delay_ms: u64, entry: Entry) -> Place {
        self.at(self.now_ms + delay_ms, entry)
    }

    pub fn next(&self) -> Option<u64> {
        self.agenda.first_key_value().map(|((when, _), _)| *when)
    }

    /// The next entry whose instant has come.
    pub fn pop_due(&mut self) -> Option<Entry> {
        let first = self.agenda.first_entry()?;
        (first.key().0 <= self.now_ms).then(|| first.remove())
    }

    pub fn forget_arrivals(&mut self) {
        self.agenda.retain(|_, entry| !matches!(entry, Entry::Arrive(_)));
    }
}

/// The clock as one process sees it.
pub struct SimClock {
    pub world: World,
    pub process: ProcessId,
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.world.with(|state| state.wall_of(self.process))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.world.with(|state| state.time.now_ms))
    }

    async fn sleep(&self, duration: Duration) {
        self.world.sleep(duration).await;
    }
}

pub struct SimRandom(pub World);

impl Random for SimRandom {
    fn next(&self) -> u64 {
        self.0.with(|state| state.rng.next())
    }
}

/// Waits for a duration of monotonic time.
pub struct Sleep {
    world: World,
    until_ms: u64,
    place: Option<Place>,
}

impl World {
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let ms = duration.as_nanos().div_ceil(1_000_000) as u64;
        let until_ms = self.with(|state| state.time.now_ms + ms);
        Sleep { world: self.clone(), until_ms, place: None }
    }

    pub fn sleep_ms(&self, ms: u64) -> Sleep {
        self.sleep(Duration::from_millis(ms))
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let world = self.world.clone();
        world.with(|state| {
            if state.time.now_ms >= self.until_ms {
                return Poll::Ready(());
            }
            let entry = Entry::Wake(context.waker().clone());
            match self.place {
                Some(place) => drop(state.time.agenda.insert(place, entry)),
                None => self.place = Some(state.time.at(self.until_ms, entry)),
            }
            Poll::Pending
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            // Out of the lock: a waker's drop must not find it taken.
            let entry = self.world.with(|state| state.time.agenda.remove(&place));
            drop(entry);
        }
    }
}

/// Future that lets other tasks go first, this many times.
pub struct Yield(pub u32);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
