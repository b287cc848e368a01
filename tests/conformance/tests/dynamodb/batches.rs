//! Batches: each row has an outcome of its own, whatever the others meet.

use std::{sync::Arc, time::Duration};

use belfry_aws::dynamodb::Options;
use belfry_conformance::{
    Backend,
    features::{Tried, World},
    fixtures::{ONE, id},
};
use belfry_engine::{
    Accepted, EngineError,
    ports::{ExecutionStore as _, StoreError},
};
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    faults::{Fault, Faulty},
    support::Installation,
};

const KEYS: [&str; 3] = ["1", "2", "3"];

fn world(installation: &Installation, fault: Fault) -> World {
    let options = Options { shards: ONE, ..Options::default() };
    let stores = installation.open_with(&Faulty::new(fault).config(installation.config()), options);
    World::over(&Backend::over(stores, ()))
}

fn kinds(outcomes: &[Tried<Accepted>]) -> Vec<&'static str> {
    let kind = |outcome: &Tried<Accepted>| match outcome {
        Ok(Accepted { is_new: true, .. }) => "created",
        Ok(_) => "there before",
        Err(EngineError::Store(StoreError::Unavailable(_))) => "no answer",
        Err(_) => "something else",
    };
    outcomes.iter().map(kind).collect()
}

#[tokio::test]
async fn one_that_fails_fails_alone() -> Tried {
    let installation = Installation::new().await;
    let failing = world(&installation, Fault::Naming("push@2"));
    let outcomes = failing.push_all(&KEYS).await;
    assert_eq!(kinds(&outcomes), ["created", "no answer", "created"], "{outcomes:?}");
    let stores = installation.stores();
    for (key, is_there) in [("1", true), ("2", false), ("3", true)] {
        assert_eq!(stores.execution(&id(&format!("push@{key}"))).await?.is_some(), is_there, "{key}");
    }
    let again = World::over(&installation.backend()).push_all(&KEYS).await;
    assert_eq!(kinds(&again), ["there before", "created", "there before"], "{again:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_throttled_in_a_transaction_is_waited_out() -> Tried {
    let throttled = world(&Installation::new().await, Fault::Throttled(4));
    let outcomes = throttled.push_all(&KEYS).await;
    assert_eq!(kinds(&outcomes), ["created"; 3], "{outcomes:?}");
    Ok(())
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_waited_for_as_long_as_one_may() -> Tried {
    let gate = Arc::new(Semaphore::new(0));
    let held = world(&Installation::new().await, Fault::Hold(0, gate));
    // From here on time passes at once while everything waits.
    tokio::time::pause();
    let keys: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let outcomes = timeout(Duration::from_secs(25), held.push_all(&keys)).await;
    let outcomes = outcomes.expect("callers of an API on AWS are answered within 30 s");
    assert_eq!(kinds(&outcomes), ["no answer"; 100]);
    Ok(())
}
