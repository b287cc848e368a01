//! SQLite on a file, written by its leader.

use crate::support::File;
use belfry_conformance::{Backend, suite};

async fn fresh() -> Backend {
    File::new().backend().await
}

suite!(fresh);
