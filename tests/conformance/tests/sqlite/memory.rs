//! SQLite without a file.

use belfry_conformance::{Backend, suite};
use belfry_sqlite::Store;

async fn fresh() -> Backend {
    Backend::over(Store::open_in_memory().unwrap(), ())
}

suite!(fresh);

/// Rules that no store has a part in, in some hundred jobs: they run over one.
mod rules {
    use belfry_conformance::features::{self, Tried};

    #[tokio::test]
    async fn every_rule_keeps_its_deadline() -> Tried {
        features::every_rule_keeps_its_deadline(&super::fresh().await).await
    }

    #[tokio::test]
    async fn schedules_of_all_periods_wait_for_each_other_in_spring() -> Tried {
        features::schedules_of_all_periods_wait_for_each_other_in_spring(&super::fresh().await).await
    }

    #[tokio::test]
    async fn schedules_of_all_periods_wait_for_each_other_in_autumn() -> Tried {
        features::schedules_of_all_periods_wait_for_each_other_in_autumn(&super::fresh().await).await
    }
}
