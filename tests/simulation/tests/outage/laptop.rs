//! The life of a laptop: it sleeps each hour, for ten minutes to eight hours, and wakes up with a clock
//! that is right, stands where it stood, is a day ahead, or is behind. Each slot runs once, by its
//! policy; what runs long goes on.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::{Message, Priority, Timestamp, Wave};
use belfry_engine::{
    Engine, Precondition, Settings, Worker,
    ports::{
        Acquired, Alert, Alerts, Backlog, Clock, Completion, Fact, Invocation, Observer, Ports, Queue,
        Random, Runner, StoreError,
    },
};
use belfry_sqlite::Store;
use serde_json::json;

use crate::rig::{now, spec};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-11-23T08:00:00Z.
const BEGAN: i64 = 1_795_420_800 * SECOND;
/// An attempt of the long job takes so much of the time in which the machine is awake.
const LONG: Duration = Duration::from_secs(100 * 60);

/// How the clock stands when the machine wakes up. It is put right within a minute.
#[derive(Clone, Copy, PartialEq)]
enum Wakes {
    Right,
    AsItStood,
    Ahead,
    Behind,
}

const LIFE: [(i64, Wakes); 14] = [
    (10, Wakes::Right),
    (25, Wakes::AsItStood),
    (90, Wakes::Right),
    (12, Wakes::Ahead),
    (60, Wakes::Behind),
    (480, Wakes::Right),
    (35, Wakes::Ahead),
    (10, Wakes::Behind),
    (45, Wakes::Right),
    (180, Wakes::AsItStood),
    (11, Wakes::Right),
    (240, Wakes::Ahead),
    (20, Wakes::Right),
    (50, Wakes::AsItStood),
];

/// The machine: monotonic time, which stands while it sleeps, and the error of its wall clock.
#[derive(Default)]
struct Laptop {
    awake_ms: AtomicI64,
    slept_ms: AtomicI64,
    error_ms: AtomicI64,
    drawn: AtomicU64,
    sent: Mutex<Vec<Message>>,
    alerts: Mutex<Vec<String>>,
    /// Attempts by execution, with the wall time at which each began.
    runs: Mutex<BTreeMap<String, Vec<i64>>>,
}

#[async_trait]
impl Clock for Laptop {
    fn now(&self) -> Timestamp {
        Timestamp(self.right_now() + self.error_ms.load(SeqCst))
    }
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.awake_ms.load(SeqCst).unsigned_abs())
    }
    async fn sleep(&self, duration: Duration) {
        let until = self.monotonic() + duration;
        poll_fn(|_| if self.monotonic() >= until { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

impl Random for Laptop {
    fn next(&self) -> u64 {
        self.drawn.fetch_add(1, SeqCst)
    }
}

impl Observer for Laptop {
    fn record(&self, _: Fact<'_>) {}
}

#[async_trait]
impl Alerts for Laptop {
    async fn raise(&self, alert: Alert) -> Result<(), StoreError> {
        self.alerts.lock().unwrap().push(alert.key());
        Ok(())
    }
}

#[async_trait]
impl Queue for Laptop {
    async fn defer(&self, waves: Vec<Wave>) -> Result<(), StoreError> {
        self.enqueue(waves.into_iter().flat_map(|wave| wave.messages).collect()).await
    }
    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        self.sent.lock().unwrap().extend(messages);
        Ok(())
    }
    async fn backlog(&self, _: &str, _: Priority) -> Result<u64, StoreError> {
        Ok(self.sent.lock().unwrap().len() as u64)
    }
    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        Ok(vec![])
    }
}

#[async_trait]
impl Runner for Laptop {
    async fn run(&self, invocation: Invocation) -> Completion {
        let id = invocation.execution_id.to_string();
        self.runs.lock().unwrap().entry(id.clone()).or_default().push(self.right_now());
        if id.starts_with("long@") {
            self.sleep(LONG).await;
        }
        if id.starts_with("fails_once@") && invocation.attempt == 1 {
            return Completion::failed("once");
        }
        Completion::succeeded(None)
    }
}

impl Laptop {
    fn right_now(&self) -> i64 {
        BEGAN + self.awake_ms.load(SeqCst) + self.slept_ms.load(SeqCst)
    }
}

type Attempt = Pin<Box<dyn Future<Output = ()>>>;

struct Life {
    laptop: Arc<Laptop>,
    engine: Arc<Engine>,
    store: Arc<Store>,
    worker: Arc<Worker>,
    attempts: Vec<Attempt>,
    /// Stretches in which the machine was awake, and its clock right.
    awake: Vec<(i64, i64)>,
}

impl Life {
    fn begin() -> Self {
        let laptop = Arc::new(Laptop::default());
        let store = Arc::new(Store::open_in_memory().unwrap());
        let ports = Ports::new(
            store.clone(),
            laptop.clone(),
            laptop.clone(),
            laptop.clone(),
            laptop.clone(),
            laptop.clone(),
        );
        let engine = Arc::new(Engine::new(ports, Settings::standalone()));
        let worker = Arc::new(Worker { id: "laptop".to_owned(), runner: laptop.clone() });
        let job = |name: &str, schedule: &str, misfire: &str| json!({ "job_id": name, "schedule": schedule, "misfire": misfire, "misfire_cap": 1000, "timeout": "12h" });
        let mut jobs = vec![
            job("skips", "* * * * *", "skip"),
            job("latest", "* * * * *", "latest"),
            job("all", "*/10 * * * *", "all"),
            job("fails_once", "*/30 * * * *", "all"),
            job("long", "0 * * * *", "all"),
            job("nightly", "0 3 * * *", "latest"),
        ];
        jobs.iter_mut().filter(|job| job["misfire"] != "all").for_each(|job| {
            job.as_object_mut().unwrap().remove("misfire_cap");
        });
        jobs.push(json!({ "job_id": "once", "run_at": Timestamp(BEGAN + 5 * HOUR).to_string() }));
        let jobs = jobs.into_iter().map(spec).collect();
        now(engine.apply_jobs(jobs, &Precondition::None)).unwrap();
        Self { laptop, engine, store, worker, attempts: vec![], awake: vec![] }
    }

    /// Lets the time pass while the machine is awake: it ticks, sweeps and works each second for as long
    /// as something may be in disorder, and every twenty seconds after that.
    fn wake(&mut self, ms: i64, each: i64) {
        let since = self.laptop.right_now();
        for _ in 0..ms / each {
            self.laptop.awake_ms.fetch_add(each, SeqCst);
            self.look();
        }
        if self.laptop.error_ms.load(SeqCst) == 0 {
            self.awake.push((since, self.laptop.right_now()));
        }
    }

    fn look(&mut self) {
        let shards = self.engine.settings.shards;
        let at = self.laptop.now();
        // The operating system says who leads.
        let acquired =
            now(self.engine.ports.leases.acquire(0, "laptop", Timestamp(i64::MAX), at.plus(LONG))).unwrap();
        let Acquired::Leader(lease) = acquired else { panic!("it leads") };
        now(self.engine.tick(&lease, shards.all())).unwrap();
        now(self.engine.sweep(shards.all())).unwrap();
        self.work();
    }

    fn work(&mut self) {
        loop {
            let at = self.laptop.now();
            let due: Vec<Message> =
                self.laptop.sent.lock().unwrap().extract_if(.., |message| message.due <= at).collect();
            for message in due {
                let (engine, worker) = (Arc::clone(&self.engine), Arc::clone(&self.worker));
                self.attempts.push(Box::pin(async move { drop(engine.execute(&message, &worker).await) }));
            }
            let mut context = Context::from_waker(Waker::noop());
            let before = self.attempts.len();
            self.attempts.retain_mut(|attempt| attempt.as_mut().poll(&mut context).is_pending());
            if self.attempts.len() == before {
                return;
            }
        }
    }

    fn sleep(&mut self, minutes: i64, wakes: Wakes) {
        self.laptop.slept_ms.fetch_add(minutes * MINUTE, SeqCst);
        let (error, seconds) = match wakes {
            Wakes::Right => (0, 0),
            Wakes::AsItStood => (-minutes * MINUTE, 30),
            Wakes::Ahead => (DAY, 14),
            Wakes::Behind => (-40 * MINUTE, 45),
        };
        self.laptop.error_ms.store(error, SeqCst);
        self.wake(seconds * SECOND, SECOND);
        self.laptop.error_ms.store(0, SeqCst);
    }

    /// Slots of a job that have run, as instants.
    fn slots(&self, job: &str) -> BTreeSet<i64> {
        let runs = self.laptop.runs.lock().unwrap();
        let slots = runs.keys().filter_map(|id| id.strip_prefix(job)?.strip_prefix('@'));
        slots.map(|slot| slot.parse::<Timestamp>().unwrap().0).collect()
    }

    fn was_awake(&self, from: i64, to: i64) -> bool {
        self.awake.iter().any(|(since, until)| *since <= from && to <= *until)
    }
}

fn every(step: i64, from: i64, to: i64) -> impl Iterator<Item = i64> {
    (from / step + 1..=to / step).map(move |count| count * step)
}

#[test]
fn a_laptop_that_sleeps_each_hour_runs_each_slot_once() {
    let mut life = Life::begin();
    for (minutes, wakes) in LIFE {
        life.wake(3 * MINUTE, SECOND);
        life.wake(57 * MINUTE, 20 * SECOND);
        life.sleep(minutes, wakes);
    }
    life.wake(3 * MINUTE, SECOND);
    life.wake(4 * HOUR, 20 * SECOND);
    let end = life.laptop.right_now();
    assert!(end - BEGAN > DAY, "a day at least");

    let runs = life.laptop.runs.lock().unwrap().clone();
    for (id, began) in &runs {
        let expected = if id.starts_with("fails_once@") { 2 } else { 1 };
        assert_eq!(began.len(), expected, "{id} was started {began:?}");
    }
    for (job, step) in [("all", 10 * MINUTE), ("fails_once", 30 * MINUTE), ("long", HOUR)] {
        let slots = life.slots(job);
        let missing: Vec<String> = every(step, BEGAN, end - 3 * HOUR)
            .filter(|slot| !slots.contains(slot))
            .map(|slot| Timestamp(slot).to_string())
            .collect();
        assert!(missing.is_empty(), "{job} lacks {missing:?}");
    }
    for job in ["skips", "latest"] {
        let slots = life.slots(job);
        let due: Vec<i64> =
            every(MINUTE, BEGAN, end).filter(|slot| life.was_awake(*slot, slot + 30 * SECOND)).collect();
        let missing: Vec<String> = due
            .iter()
            .filter(|slot| !slots.contains(slot))
            .map(|slot| Timestamp(*slot).to_string())
            .collect();
        assert!(missing.is_empty(), "{job} lacks {missing:?} of {}", due.len());
    }
    assert_eq!(life.slots("once").len(), 1);
    assert!(!life.slots("nightly").is_empty());
    let rows = now(belfry_engine::ports::ExecutionStore::list(
        &*life.store,
        &belfry_engine::ports::ExecutionFilter::default(),
        None,
        1_000_000,
    ))
    .unwrap();
    let open: Vec<String> = rows
        .items
        .iter()
        .filter(|row| !row.status.is_terminal())
        .map(|row| format!("{} is {}", row.id, row.status))
        .collect();
    assert!(open.len() <= 2, "nothing is left but the last of the long ones: {open:?}");
    assert!(rows.items.iter().all(|row| row.lost == 0), "no attempt was lost");
    let alerts: BTreeSet<String> = life.laptop.alerts.lock().unwrap().drain(..).collect();
    assert_eq!(alerts, BTreeSet::from(["clock".to_owned()]), "the clock is told of, and nothing else");
}
