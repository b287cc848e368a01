//! The OpenAPI document, from the handlers and the types that they read and write.

mod document;
mod job_file;

use utoipa::OpenApi;

pub(crate) use self::document::openapi_document;
pub use self::job_file::job_file_schema;
use crate::{
    http::schema::{Asterisk, Common, Exact, KeyHeader, TagFilter},
    routes::{
        alerts, apply, attempts, backfills, circuit, dead_letters, executions, jobs, logs, overview, push,
        reruns, service, timeline, workers,
    },
    views::Instant,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Belfry",
        description = "A distributed job scheduler. Errors are RFC 9457 problems. Everything but /v1/health needs a \
            bearer token, unless the process listens on loopback only. Bodies must be application/json. Requests from \
            web pages of other origins are refused.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        jobs::list_jobs, jobs::put_job, jobs::get_job, jobs::delete_job, jobs::pause_job, jobs::resume_job,
        circuit::open_circuit, circuit::close_circuit, apply::apply_jobs,
        push::trigger_job, push::push_execution, push::push_batch,
        timeline::list_job_executions, executions::list_executions, executions::get_execution,
        executions::cancel_execution, executions::retry_execution, logs::get_log, reruns::rerun_executions,
        workers::list_workers, workers::drain_worker, workers::resume_worker,
        attempts::lease_attempts, attempts::heartbeat, attempts::finish,
        dead_letters::list_dead_letters, dead_letters::redrive_dead_letters, dead_letters::discard_dead_letter,
        alerts::list_alerts, alerts::test_alerts,
        backfills::backfill_job, backfills::list_job_backfills, backfills::list_backfills, backfills::get_backfill,
        backfills::pause_backfill, backfills::resume_backfill, backfills::cancel_backfill,
        overview::get_graph, overview::get_stats,
        service::health, document::openapi_document, service::metrics,
    ),
    components(schemas(Asterisk, KeyHeader, TagFilter, Instant)),
    security(("bearer" = [])),
    modifiers(&Common, &Exact),
    tags(
        (name = "jobs", description = "Definitions of work and of its times"),
        (name = "executions", description = "One job at one slot, or one piece of pushed work"),
        (name = "workers", description = "Processes that run attempts"),
        (name = "dead letters", description = "Executions that failed finally"),
        (name = "alerts", description = "Conditions that a person should know of"),
        (name = "backfills", description = "Runs of slots in a past range"),
        (name = "overview", description = "Graph and key metrics"),
        (name = "service", description = "Health, metrics and this document"),
    ),
)]
struct Document;

pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
