//! SQLite on a file, by its leader.

use belfry_conformance::{Backend, suite};
use crate::support::File;

async fn fresh() -> Backend {
    File::new().backend().await
}

suite!(fresh);
