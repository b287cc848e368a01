use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{Uri, uri::PathAndQuery},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use belfry_api::{ApiState, Auth, Door, Leader, Telemetry, router};
use belfry_aws::{Installation, telemetry::Metrics};
use belfry_engine::ports::Stop;
use belfry_files::BucketLogs;
use lambda_http::request::RequestContext;

pub fn service(installation: Installation) -> Router {
    let telemetry = Arc::new(Telemetry::default());
    let installation = installation.observed_by(telemetry.clone());
    let state = ApiState {
        engine: Arc::new(installation.engine()),
        telemetry,
        door: Door::Gateway,
        // API Gateway lets nobody through whom its authorizer does not know.
        auth: Auth::Open,
        leadership: Arc::new(Leader),
        source: installation.queue.clone(),
        closing: Stop::new(),
        logs: BucketLogs::of_installation(&installation.sdk),
        capacity: 0,
    };
    router(state).layer(from_fn_with_state(installation.metrics, around))
}

async fn around(State(metrics): State<Arc<Metrics>>, mut request: Request, next: Next) -> Response {
    let stage = match request.extensions().get() {
        Some(RequestContext::ApiGatewayV2(context)) => context.stage.clone(),
        _ => None,
    };
    if let Some(uri) = stage.and_then(|stage| without_stage(request.uri(), &stage)) {
        *request.uri_mut() = uri;
    }
    let response = next.run(request).await;
    metrics.flush();
    response
}

/// Path without the stage, which precedes it for all stages but `$default`. `None` where the path does
/// not begin with the stage.
fn without_stage(uri: &Uri, stage: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix('/')?.strip_prefix(stage)?;
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let is_end = uri.path().len() == stage.len() + 1 || uri.path()[stage.len() + 1..].starts_with('/');
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok().filter(|_| is_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stage_is_taken_off() {
        let path = |uri: &str| without_stage(&uri.parse().unwrap(), "prod").map(|uri| uri.to_string());
        assert_eq!(path("/prod/v1/jobs?limit=1").as_deref(), Some("/v1/jobs?limit=1"));
        assert_eq!(
            path("https://host/prod/v1/jobs/a:pause").as_deref(),
            Some("https://host/v1/jobs/a:pause")
        );
        assert_eq!(path("/prod").as_deref(), Some("/"));
        assert_eq!(path("/prod?x=1").as_deref(), Some("/?x=1"));
        assert_eq!(path("/product/v1"), None);
        assert_eq!(path("/v1/jobs"), None);
    }
}
