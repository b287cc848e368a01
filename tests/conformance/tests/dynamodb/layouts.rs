//! Layout: processes that differ in it would not see each other's rows, and so run work twice.

use belfry_aws::dynamodb::{Options, Stores};
use belfry_conformance::{
    Verdict,
    fixtures::{ONE, guard, row},
};
use belfry_engine::ports::{Creation, ExecutionStore as _};

use crate::support::Installation;

/// Process that is told this number of key buckets. `None` where it refuses to run.
async fn process(installation: &Installation, buckets: u16) -> Option<Stores> {
    Some(installation.open(Options { buckets, shards: ONE, ..Options::default() }))
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
