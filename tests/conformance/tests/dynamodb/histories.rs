//! Random histories on DynamoDB and on the model.

use belfry_conformance::{Backend, Model, Verdict, history};

use crate::support::Installation;

const VERBS: usize = 600;

async fn compare(seed: u64) -> Verdict {
    let model = Backend::over(Model::default(), ());
    let store = Installation::new().await.backend();
    history::run(seed, VERBS, &model, &[("dynamodb", store)]).await
}

#[tokio::test]
async fn the_store_agrees_on_a_random_history() -> Verdict {
    compare(1).await
}

#[tokio::test]
async fn and_on_another() -> Verdict {
    compare(2).await
}
