//! The model keeps the promises that other stores are compared with.

use belfry_conformance::{Backend, Model, suite};

async fn fresh() -> Backend {
    Backend::over(Model::default(), ())
}

suite!(fresh);
