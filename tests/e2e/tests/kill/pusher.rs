//! Clients that push, and keep count of what was accepted.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use belfry_e2e::Api;
use serde_json::Value;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

const CLIENTS: usize = 4;
/// Pause after a refused connection: a new process tells its address sooner or later.
const RETRY: Duration = Duration::from_millis(20);

/// Accepted executions, each with whether the answer that arrived said that it had been accepted
/// before.
pub type Accepted = HashMap<String, bool>;

#[derive(Default)]
struct Shared {
    batches: Vec<Value>,
    next: AtomicUsize,
    accepted: Mutex<Accepted>,
}

pub struct Pushers {
    clients: JoinSet<()>,
    shared: Arc<Shared>,
    /// Permits for batches: one batch goes out for each.
    permits: Arc<Semaphore>,
    server: watch::Sender<Option<Api>>,
}

impl Pushers {
    pub fn start(batches: Vec<Value>) -> Self {
        let shared = Arc::new(Shared { batches, ..Shared::default() });
        let (permits, server) = (Arc::new(Semaphore::new(0)), watch::Sender::new(None));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(push_all(Arc::clone(&shared), Arc::clone(&permits), server.subscribe()));
        }
        Self { clients, shared, permits, server }
    }

    pub fn use_server(&self, api: &Api) {
        self.server.send_replace(Some(api.clone()));
    }

    pub fn release(&self, batches: usize) {
        self.permits.add_permits(batches);
    }

    /// Waits for all clients, and returns the pushes that were accepted.
    pub async fn finish(mut self) -> Accepted {
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut self.shared.accepted.lock().unwrap())
    }
}

async fn push_all(shared: Arc<Shared>, permits: Arc<Semaphore>, mut server: watch::Receiver<Option<Api>>) {
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let Some(batch) = shared.batches.get(number) else { return };
        permits.acquire().await.unwrap().forget();
        let results = push(batch, &mut server).await;
        shared.accepted.lock().unwrap().extend(results);
    }
}

/// Sends a batch, with the same keys each time, until there is an answer.
async fn push(batch: &Value, server: &mut watch::Receiver<Option<Api>>) -> Vec<(String, bool)> {
    loop {
        let api = server.borrow_and_update().clone();
        if let Some(api) = api
            && let Ok(answer) = api.try_post("/v1/executions:batch", batch).await
            && answer.status != 503
        {
            return outcomes(&answer.ok());
        }
        timeout(RETRY, server.changed()).await.ok();
    }
}

fn outcomes(answer: &Value) -> Vec<(String, bool)> {
    let results = answer["results"].as_array().expect("an outcome for each");
    let outcome = |result: &Value| {
        let id = result["execution_id"].as_str().unwrap_or_else(|| panic!("refused: {result}"));
        (id.to_owned(), result["status"] == 200)
    };
    results.iter().map(outcome).collect()
}
