//! Random histories on SQLite, in memory and on a file, and on the model.

use crate::support::File;
use belfry_conformance::{Backend, Model, Verdict, history};
use belfry_sqlite::Store;

const VERBS: usize = 1_500;

async fn compare(seed: u64) -> Verdict {
    let model = Backend::over(Model::default(), ());
    let memory = Backend::over(Store::open_in_memory().unwrap(), ());
    let file = File::new().backend().await;
    history::run(seed, VERBS, &model, &[("memory", memory), ("file", file)]).await
}

#[tokio::test]
async fn stores_agree_on_a_random_history() -> Verdict {
    compare(1).await
}

#[tokio::test]
async fn and_on_another() -> Verdict {
    compare(2).await
}

#[tokio::test]
async fn and_on_a_third() -> Verdict {
    compare(3).await
}
