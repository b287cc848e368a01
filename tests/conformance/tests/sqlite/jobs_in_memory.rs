//! A leader's jobs in memory. Between a commit and the moment at which the committing call notes it
//! there, other calls must not be told the old revision again and again.

use crate::support::{File, lead};
use belfry_conformance::{Verdict, fixtures::job};
use belfry_engine::ports::{Committed, JobStore as _, StoreError, ZoneStore as _};
use belfry_sqlite::Store;
use rusqlite::Connection;

/// Raises the revision, as a durable commit does that the process does not know of yet.
fn commit_behind_its_back(file: &File) {
    let connection = Connection::open(&file.path).unwrap();
    let sql = "UPDATE meta SET value = value + 1 WHERE key = 'graph_revision'";
    assert_eq!(connection.execute(sql, []).unwrap(), 1);
}

/// Opens a leader that has committed one job and knows it.
async fn leader(file: &File) -> Result<Store, StoreError> {
    let store = file.open();
    lead(&store, "leader", 0).await;
    assert_eq!(store.commit(0, vec![job("a", 1, 1, &[])], vec![]).await?, Committed::Done);
    assert_eq!(store.all_jobs().await?.0, 1);
    Ok(store)
}

#[tokio::test]
async fn a_refused_commit_shows_what_it_was_refused_for() -> Verdict {
    let file = File::new();
    let store = leader(&file).await?;
    commit_behind_its_back(&file);
    assert_eq!(
        store.commit(1, vec![job("b", 1, 2, &[])], vec![]).await?,
        Committed::Conflict { revision: 2 }
    );
    assert_eq!(store.all_jobs().await?.0, 2);
    assert_eq!(store.commit(2, vec![job("b", 1, 3, &[])], vec![]).await?, Committed::Done);
    Ok(())
}

#[tokio::test]
async fn the_zone_data_in_force_and_the_jobs_are_of_one_revision() -> Verdict {
    let file = File::new();
    let store = leader(&file).await?;
    commit_behind_its_back(&file);
    let (revision, _) = store.in_force().await?;
    assert_eq!((revision, store.all_jobs().await?.0), (2, 2));
    Ok(())
}
