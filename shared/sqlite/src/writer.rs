//! Writer: the only thread that writes.
//!
//! Callers hand it closures. It runs all waiting closures in one transaction, commits, and only then
//! answers their callers: group commit. If any closure meets an error of SQLite's, the whole
//! transaction is rolled back and all callers get the error; every verb of the ports can be repeated.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use belfry_engine::ports::StoreError;
use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::oneshot;

use crate::{
    Result,
    error::{OpenError, unavailable},
};

/// Maximum number of calls in one transaction. More would only delay the first of them.
const BATCH: usize = 4096;

/// Token of a process that never was the leader, and so must not write.
const NO_LEADER: u64 = 0;

/// Lane whose leader may write.
pub(crate) const WRITERS_LANE: u16 = 0;

/// Kind of call that is about to be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    Read,
    /// The call writes, and needs no leadership.
    Unfenced,
    /// The call writes as the leader.
    Write,
}

#[derive(Clone)]
pub(crate) enum Writer {
    Thread(Sender<Box<dyn Call>>),
    /// Writer without a thread, for databases in memory: it runs each call at once.
    Inline(Arc<Mutex<Connection>>),
}

/// Call to run in a transaction, with a caller to answer once it is durable.
pub(crate) trait Call: Send {
    fn intent(&self) -> Intent;
    fn run(&mut self, connection: &Connection) -> Result<()>;
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Closure<F, T> {
    intent: Intent,
    work: Option<F>,
    value: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

impl<F, T> Call for Closure<F, T>
where
    F: FnOnce(&Connection) -> Result<T> + Send,
    T: Send,
{
    fn intent(&self) -> Intent {
        self.intent
    }

    fn run(&mut self, connection: &Connection) -> Result<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        match work(connection) {
            Err(StoreError::Unavailable(why)) => Err(StoreError::Unavailable(why)),
            value => {
                self.value = Some(value);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let value = self.value.unwrap_or_else(|| Err(unavailable("the transaction was rolled back")));
        // A caller that has gone away needs no answer.
        drop(self.caller.send(committed.and(value)));
    }
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        fence: Arc<AtomicU64>,
    ) -> std::result::Result<Self, OpenError> {
        let (sender, receiver) = channel();
        thread::Builder::new()
            .name("belfry-writer".to_owned())
            .spawn(move || write_all(&connection, &receiver, &fence))?;
        Ok(Self::Thread(sender))
    }

    pub(crate) fn inline(connection: Connection) -> Self {
        Self::Inline(Arc::new(Mutex::new(connection)))
    }

    pub(crate) async fn call<T: Send + 'static>(
        &self,
        intent: Intent,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self {
            Self::Inline(connection) => run_inline(connection, work),
            Self::Thread(sender) => {
                let (caller, answer) = oneshot::channel();
                let call = Closure { intent, work: Some(work), value: None, caller };
                sender.send(Box::new(call)).map_err(|_| unavailable("the writer has stopped"))?;
                answer.await.map_err(|_| unavailable("the writer has stopped"))?
            }
        }
    }

    /// Sends a write without an answer.
    pub(crate) fn send(&self, work: impl FnOnce(&Connection) -> Result<()> + Send + 'static) -> Result<()> {
        match self {
            Self::Inline(connection) => run_inline(connection, work),
            Self::Thread(sender) => {
                let call = Unheard(Some(work));
                sender.send(Box::new(call)).map_err(|_| unavailable("the writer has stopped"))
            }
        }
    }
}

fn run_inline<T>(connection: &Mutex<Connection>, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    connection.execute_batch("BEGIN").map_err(unavailable)?;
    let value = work(&connection);
    let end = if value.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.execute_batch(end).map_err(unavailable)?;
    value
}

/// Call without an answer: its caller has gone on.
struct Unheard<F>(Option<F>);

impl<F: FnOnce(&Connection) -> Result<()> + Send> Call for Unheard<F> {
    fn intent(&self) -> Intent {
        Intent::Write
    }

    fn run(&mut self, connection: &Connection) -> Result<()> {
        self.0.take().map_or(Ok(()), |work| work(connection))
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        if let Err(error) = committed {
            tracing::debug!(%error, "a write failed");
        }
    }
}

fn write_all(connection: &Connection, calls: &Receiver<Box<dyn Call>>, fence: &AtomicU64) {
    while let Ok(first) = calls.recv() {
        let mut batch = vec![first];
        batch.extend(calls.try_iter().take(BATCH - 1));
        let outcome = transact(connection, &mut batch, fence);
        for call in batch {
            let is_write = call.intent() == Intent::Write;
            let refused = if is_write { outcome.clone() } else { outcome.clone().or_else(unless_fenced) };
            call.answer(refused);
        }
    }
}

/// Ignores a lost leadership, for reads: a process that has lost its leadership may still read.
fn unless_fenced(error: StoreError) -> Result<()> {
    if matches!(error, StoreError::Fenced) { Ok(()) } else { Err(error) }
}

fn transact(connection: &Connection, batch: &mut [Box<dyn Call>], fence: &AtomicU64) -> Result<()> {
    let reads_only = batch.iter().all(|call| call.intent() == Intent::Read);
    // Immediate, so that nobody can take the lease between the look at it and the writes.
    connection.execute_batch(if reads_only { "BEGIN" } else { "BEGIN IMMEDIATE" }).map_err(unavailable)?;
    let token = fence.load(Ordering::Acquire);
    let outcome = run_all(connection, batch, token);
    if matches!(outcome, Err(StoreError::Fenced)) {
        // From now on it knows that others write. If it leads again meanwhile, that is by another token.
        let _ = fence.compare_exchange(token, NO_LEADER, Ordering::AcqRel, Ordering::Acquire);
    }
    let end = if matches!(outcome, Ok(()) | Err(StoreError::Fenced)) { "COMMIT" } else { "ROLLBACK" };
    match connection.execute_batch(end) {
        Ok(()) => outcome,
        Err(error) => {
            // A commit that failed (a full disk) leaves the transaction open.
            drop(connection.execute_batch("ROLLBACK"));
            Err(unavailable(error))
        }
    }
}

fn run_all(connection: &Connection, batch: &mut [Box<dyn Call>], token: u64) -> Result<()> {
    let writes = batch.iter().any(|call| call.intent() == Intent::Write);
    let leads = !writes || is_leader(connection, token)?;
    for call in batch.iter_mut().filter(|call| leads || call.intent() != Intent::Write) {
        call.run(connection)?;
    }
    if leads { Ok(()) } else { Err(StoreError::Fenced) }
}

fn is_leader(connection: &Connection, token: u64) -> Result<bool> {
    let mut statement =
        connection.prepare_cached("SELECT token FROM leases WHERE lane = ?1").map_err(unavailable)?;
    let found: Option<u64> =
        statement.query_row([WRITERS_LANE], |row| row.get(0)).optional().map_err(unavailable)?;
    Ok(token != NO_LEADER && found == Some(token))
}
