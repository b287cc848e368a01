//! Layout: processes that differ in it would not see each other's rows, and so run work twice.

use aws_sdk_dynamodb::types::AttributeValue::N;
use belfry_aws::dynamodb::{KeyLayout, LayoutError, Options, Stores, Table, Told};
use belfry_conformance::{
    Verdict,
    fixtures::{ONE, guard, row},
};
use belfry_domain::Shards;
use belfry_engine::ports::{Creation, ExecutionStore as _};
use futures::future::join_all;

use crate::support::Installation;

const NOTHING: Told = Told { buckets: None, shards: None, is_guest: false };
const GUEST: Told = Told { is_guest: true, ..NOTHING };

fn told(buckets: u16) -> Told {
    Told { buckets: Some(buckets), ..NOTHING }
}

/// Layout of an installation with 64 shards, as one compares it.
type Learned = Result<u16, String>;

async fn learn(installation: &Installation, told: Told) -> Learned {
    match installation.learn_layout(told).await {
        Ok(KeyLayout { buckets, shards: Shards(64) }) => Ok(buckets),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

fn refuses(learned: &Learned, words: &str) -> bool {
    learned.as_ref().is_err_and(|why| why.contains(words))
}

/// Process that is told this number of key buckets. `None` where it refuses to run.
async fn process(installation: &Installation, buckets: u16) -> Option<Stores> {
    let KeyLayout { buckets, .. } = installation.learn_layout(told(buckets)).await.ok()?;
    Some(open(installation, buckets))
}

/// Process of a version that knew no layout.
fn open(installation: &Installation, buckets: u16) -> Stores {
    installation.open(Options { buckets, shards: ONE, ..Options::default() })
}

async fn create(stores: &Stores, count: usize) -> Verdict {
    for name in (0..count).map(|number| format!("a@{number}")) {
        stores.create(row(&name), Some(guard(&name))).await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_two_processes_with_other_layouts_one_runs() -> Verdict {
    let installation = Installation::new().await;
    let mut created = 0;
    for buckets in [4, 8, 4] {
        let Some(stores) = process(&installation, buckets).await else { continue };
        for name in ["a@1", "a@2", "a@3", "a@4", "a@5"] {
            let creation = stores.create(row(name), Some(guard(name))).await?;
            created += usize::from(creation == Creation::Created);
        }
    }
    assert_eq!(created, 5, "each once");
    Ok(())
}

#[tokio::test]
async fn a_process_learns_the_layout_from_the_store() {
    let installation = Installation::new().await;
    assert!(refuses(&learn(&installation, GUEST).await, "Start this process after them"), "nobody knows it");
    assert_eq!(learn(&installation, told(8)).await, Ok(8));
    for told in [NOTHING, GUEST, told(8), Told { shards: Some(Shards(64)), ..GUEST }] {
        assert_eq!(learn(&installation, told).await, Ok(8));
    }
    let other = learn(&installation, told(4)).await;
    assert!(refuses(&other, "BELFRY_KEY_BUCKETS is 4, but the installation was created with 8"), "{other:?}");
    let other = learn(&installation, Told { shards: Some(ONE), ..NOTHING }).await;
    assert!(refuses(&other, "set BELFRY_SHARDS back to 64"), "{other:?}");
    assert_eq!(learn(&Installation::new().await, NOTHING).await, Ok(4));
}

#[tokio::test]
async fn the_first_of_many_decides() {
    let installation = Installation::new().await;
    let learned = join_all((0..12).map(|number| learn(&installation, told(4 + number % 2)))).await;
    let first = learn(&installation, NOTHING).await.unwrap();
    assert_eq!(learned.iter().filter(|learned| **learned == Ok(first)).count(), 6, "{learned:?}");
}

#[tokio::test]
async fn an_older_installation_keeps_what_is_in_force() -> Verdict {
    let installation = Installation::new().await;
    create(&open(&installation, 8), 30).await?;
    let wrong = learn(&installation, told(4)).await;
    assert!(refuses(&wrong, "BELFRY_KEY_BUCKETS is 4, but the executions"), "{wrong:?}");
    assert!(refuses(&wrong, "are stored as by 8;"), "{wrong:?}");
    assert_eq!(learn(&installation, NOTHING).await, Ok(8));
    let installation = Installation::new().await;
    create(&open(&installation, 4), 1).await?;
    assert_eq!(
        learn(&installation, told(4)).await,
        Ok(4),
        "one execution tells little, but contradicts nothing"
    );
    let installation = Installation::new().await;
    create(&open(&installation, 4), 30).await?;
    create(&open(&installation, 8), 30).await?;
    assert_eq!(learn(&installation, told(8)).await, Ok(8), "it must go on somehow");
    Ok(())
}

#[tokio::test]
async fn a_layout_of_a_newer_version_is_refused() {
    let installation = Installation::new().await;
    assert_eq!(learn(&installation, told(4)).await, Ok(4));
    let newer = installation.tamper(Table::State, "layout", ".").update_expression("SET #format = :two");
    let newer = newer.expression_attribute_names("#format", "format");
    newer.expression_attribute_values(":two", N("2".to_owned())).send().await.unwrap();
    let refused = installation.learn_layout(told(4)).await;
    assert!(matches!(refused, Err(LayoutError::Newer { found: 2, known: 1 })), "{refused:?}");
}
