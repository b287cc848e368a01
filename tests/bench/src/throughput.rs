//! Executions per second, from created to success.

use std::time::Instant;

use belfry_engine::PushRequest;

use crate::{
    figure::Figure,
    rig::{Rig, empty},
};

const BATCH: usize = 1000;
/// Number of batches that are being accepted at once.
const CLIENTS: usize = 4;

/// Pushes in batches, as a busy client of the batch call would, and waits for the last success.
pub async fn measure(executions: usize) -> anyhow::Result<Vec<Figure>> {
    let rig = Rig::start().await?;
    let batches = executions / BATCH;
    let started = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let engine = rig.standalone.engine.clone();
        tokio::spawn(async move {
            for _ in (client..batches).step_by(CLIENTS) {
                let batch = (0..BATCH).map(|_| PushRequest { spec: empty(), idempotency_key: None });
                for outcome in engine.push_all(batch.collect()).await {
                    outcome?;
                }
            }
            anyhow::Ok(())
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await??;
    }
    let accepted = started.elapsed();
    rig.watch.wait_for_ended(batches * BATCH).await;
    let took = started.elapsed();
    rig.stop().await?;
    let count = (batches * BATCH) as f64;
    Ok(vec![
        Figure::new("throughput, created to success", count / took.as_secs_f64(), "executions/s")
            .at_least(20_000.0),
        Figure::new("throughput, accepted", count / accepted.as_secs_f64(), "executions/s"),
    ])
}
