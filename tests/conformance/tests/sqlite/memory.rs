//! SQLite without a file.

use belfry_conformance::{Backend, suite};
use belfry_sqlite::Store;

async fn fresh() -> Backend {
    Backend::over(Store::open_in_memory().unwrap(), ())
}

suite!(fresh);
