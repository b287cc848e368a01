//! Queues of a single process, in its memory: messages are hints, the timers own the work.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    pin::pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::{ExecutionId, Message, Priority, Timestamp, Wave};
use belfry_engine::ports::{Backlog, Clock, Delivery, Queue, Source, Stop, StoreError};
use futures::{FutureExt as _, select_biased};
use tokio::sync::{Notify, mpsc};

use crate::OpenError;

/// Longest time between two readings of the clock, which may jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Stream of waves whose instant has come, for the dispatcher.
pub type Waves = mpsc::UnboundedReceiver<Wave>;

pub struct MemoryQueue {
    clock: Arc<dyn Clock>,
    ageing_step: Duration,
    pools: Mutex<HashMap<String, Arc<Pool>>>,
    deferred: Arc<Deferred>,
}

#[derive(Default)]
struct Pool {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

/// An attempt of an execution.
type Key = (ExecutionId, u32);

/// One queue for each priority, the oldest message first. A message that is sent again keeps its place.
/// If it is sent again with another priority, it moves, and its old place is skipped.
#[derive(Default)]
struct Waiting {
    messages: HashMap<Key, (u64, Message)>,
    lanes: [VecDeque<(u64, Key)>; 4],
    depths: [u64; 4],
    arrivals: u64,
}

/// Deferred messages by instant. A message that is deferred twice is kept once.
#[derive(Default)]
struct Deferred {
    messages: Mutex<BTreeMap<(Timestamp, ExecutionId, u32), Message>>,
    changed: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryQueue {
    /// Starts the queue, with a thread of its own for deferred messages: timers of the runtime are
    /// exact to a millisecond only. Waiting messages rise by one class for each `ageing_step`.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn start(clock: Arc<dyn Clock>, ageing_step: Duration) -> Result<(Arc<Self>, Waves), OpenError> {
        let deferred = Arc::new(Deferred::default());
        let queue = Self {
            clock: Arc::clone(&clock),
            ageing_step,
            pools: Mutex::default(),
            deferred: Arc::clone(&deferred),
        };
        let (sender, waves) = mpsc::unbounded_channel();
        let release = move || release_all(&deferred, clock.as_ref(), &sender);
        thread::Builder::new().name("belfry-waves".to_owned()).spawn(release)?;
        Ok((Arc::new(queue), waves))
    }

    fn pool(&self, name: &str) -> Arc<Pool> {
        let mut pools = lock(&self.pools);
        match pools.get(name) {
            Some(pool) => Arc::clone(pool),
            None => Arc::clone(pools.entry(name.to_owned()).or_default()),
        }
    }
}

impl Waiting {
    fn add(&mut self, message: Message) {
        let key = (message.execution_id.clone(), message.attempt);
        let class = message.priority as usize;
        if let Some((_, known)) = self.messages.get_mut(&key) {
            let before = std::mem::replace(known, message).priority as usize;
            if before == class {
                return;
            }
            self.depths[before] -= 1;
            self.messages.entry(key.clone()).and_modify(|(number, _)| *number = self.arrivals);
        } else {
            self.messages.insert(key.clone(), (self.arrivals, message));
        }
        self.lanes[class].push_back((self.arrivals, key));
        self.depths[class] += 1;
        self.arrivals += 1;
    }

    /// First message of the most urgent class, with the waiting time counted in. Among equals it is the
    /// oldest.
    fn take(&mut self, now: Timestamp, step: Duration) -> Option<Message> {
        let urgency = |message: &Message| (message.urgency(now, step), message.due);
        let fronts = (0..self.lanes.len()).filter_map(|lane| Some((self.front(lane).map(urgency)?, lane)));
        let (_, lane) = fronts.min()?;
        let (_, key) = self.lanes[lane].pop_front()?;
        self.depths[lane] -= 1;
        self.messages.remove(&key).map(|(_, message)| message)
    }

    fn front(&mut self, lane: usize) -> Option<&Message> {
        let (messages, queue) = (&self.messages, &mut self.lanes[lane]);
        let is_left = |(number, key): &(u64, Key)| messages.get(key).is_none_or(|(now, _)| now != number);
        while queue.front().is_some_and(is_left) {
            queue.pop_front();
        }
        messages.get(&queue.front()?.1).map(|(_, message)| message)
    }

    fn depth(&self) -> u64 {
        self.messages.len() as u64
    }
}

impl Pool {
    fn add(&self, messages: impl Iterator<Item = Message>) {
        let mut waiting = lock(&self.waiting);
        messages.for_each(|message| waiting.add(message));
        drop(waiting);
        // A permit is kept where nobody is waiting just now.
        self.arrived.notify_one();
    }

    fn backlogs(&self, name: &str) -> [Backlog; 4] {
        let depths = lock(&self.waiting).depths;
        Priority::ALL.map(|priority| Backlog {
            pool: name.to_owned(),
            priority,
            depth: depths[priority as usize],
        })
    }

    fn take(&self, limit: usize, now: Timestamp, step: Duration) -> Vec<Message> {
        let mut waiting = lock(&self.waiting);
        let taken: Vec<Message> = std::iter::from_fn(|| waiting.take(now, step)).take(limit).collect();
        let has_more = waiting.depth() > 0;
        drop(waiting);
        if has_more && !taken.is_empty() {
            // Whoever takes may be one of several that wait: the next one's turn.
            self.arrived.notify_one();
        }
        taken
    }
}

#[async_trait]
impl Source for MemoryQueue {
    async fn receive(
        &self,
        pool: &str,
        limit: usize,
        wait: Duration,
        closing: &Stop,
    ) -> Result<Vec<Delivery>, StoreError> {
        let pool = self.pool(pool);
        let mut is_over = pin!(self.clock.sleep(wait).fuse());
        let mut is_closed = pin!(closing.cancelled().fuse());
        loop {
            let mut arrival = pin!(pool.arrived.notified().fuse());
            let taken = pool.take(limit, self.clock.now(), self.ageing_step);
            if !taken.is_empty() || wait.is_zero() {
                return Ok(taken.into_iter().map(|message| Delivery { message, loan: None }).collect());
            }
            select_biased! {
                () = arrival => {}
                () = is_over => return Ok(Vec::new()),
                () = is_closed => return Ok(Vec::new()),
            }
        }
    }

    async fn depth_of(&self, pool: &str) -> Result<u64, StoreError> {
        Ok(lock(&self.pool(pool).waiting).depth())
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn defer(&self, waves: Vec<Wave>) -> Result<(), StoreError> {
        let mut messages = lock(&self.deferred.messages);
        for message in waves.into_iter().flat_map(|wave| wave.messages) {
            messages.insert((message.due, message.execution_id.clone(), message.attempt), message);
        }
        drop(messages);
        self.deferred.changed.notify_one();
        Ok(())
    }

    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        let mut rest = messages.into_iter().peekable();
        while let Some(first) = rest.next() {
            let pool = self.pool(&first.pool);
            let name = first.pool.clone();
            let together = std::iter::from_fn(|| rest.next_if(|next| next.pool == name));
            let batch: Vec<Message> = std::iter::once(first).chain(together).collect();
            pool.add(batch.into_iter());
        }
        Ok(())
    }

    async fn backlog(&self, pool: &str, priority: Priority) -> Result<u64, StoreError> {
        Ok(lock(&self.pool(pool).waiting).depths[priority as usize])
    }

    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        let mut pools: Vec<(String, Arc<Pool>)> =
            lock(&self.pools).iter().map(|(name, pool)| (name.clone(), Arc::clone(pool))).collect();
        pools.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(pools.iter().flat_map(|(name, pool)| pool.backlogs(name)).collect())
    }
}

/// Sends each wave at its instant. Ends when the receiver is gone.
fn release_all(deferred: &Deferred, clock: &dyn Clock, waves: &mpsc::UnboundedSender<Wave>) {
    let mut messages = lock(&deferred.messages);
    while !waves.is_closed() {
        let now = clock.now();
        let due = split_due(&mut messages, now);
        for wave in Wave::group(due) {
            // Without a receiver the loop ends at its next turn.
            drop(waves.send(wave));
        }
        let next = messages.first_key_value().map_or(LONGEST_SLEEP, |((due, ..), _)| due.since(clock.now()));
        if next.is_zero() {
            continue;
        }
        let sleep = deferred.changed.wait_timeout(messages, next.min(LONGEST_SLEEP));
        messages = sleep.unwrap_or_else(PoisonError::into_inner).0;
    }
}

fn split_due(
    messages: &mut BTreeMap<(Timestamp, ExecutionId, u32), Message>,
    now: Timestamp,
) -> Vec<Message> {
    let mut due = Vec::new();
    while messages.first_key_value().is_some_and(|((at, ..), _)| *at <= now) {
        due.extend(messages.pop_first().map(|(_, message)| message));
    }
    due
}
