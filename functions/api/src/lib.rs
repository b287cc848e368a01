//! Belfry's HTTP API. The router is a library: the Lambda and the single process both serve it.
//!
//! | concern | module |
//! |---|---|
//! | routes and handlers | `routes` |
//! | reading requests, writing problems, auth, access log | `http` |
//! | what answers look like | `views` |
//! | metrics, from what the engine reports | `telemetry` |
//! | the OpenAPI document, above the routes that it describes; the schema of job files | `openapi` |

mod http;
mod openapi;
#[expect(unused_qualifications, reason = "utoipa qualifies the query types in what it expands to")]
mod routes;
mod state;
mod telemetry;
mod views;

pub use self::{
    http::{
        door::{ArrivedAt, Door, PublicUrl},
        problem::{Kind, ProblemDetails},
    },
    openapi::{job_file_schema, openapi},
    state::{ApiState, Auth, Leader, Leadership, TokenVerifier},
    telemetry::Telemetry,
};

/// The whole API, ready to be served.
pub fn router(state: ApiState) -> axum::Router {
    routes::router(state, axum::routing::get(openapi::openapi_document))
}
