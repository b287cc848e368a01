//! Actions behind a colon, such as `POST /v1/jobs/daily:pause`.
//!
//! The framework's router can't match within a segment, so the action becomes a segment of its own
//! before the routing: `/v1/jobs/daily/:pause`. Only a literal colon counts. An execution whose key
//! itself ends in `:cancel` is read under `%3Acancel`.

use axum::{
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};

const ACTIONS: [(&str, &[&str]); 5] = [
    ("/v1/jobs/", &["pause", "resume", "open-circuit", "close-circuit"]),
    ("/v1/executions/", &["cancel", "retry", "heartbeat", "finish"]),
    ("/v1/pools/", &["lease"]),
    ("/v1/workers/", &["drain", "resume"]),
    ("/v1/backfills/", &["pause", "resume", "cancel"]),
];

pub fn split_action(mut request: Request) -> Request {
    if let Some(uri) = rewritten(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn rewritten(uri: &Uri) -> Option<Uri> {
    let (subject, action) = uri.path().rsplit_once(':')?;
    let (prefix, actions) = ACTIONS.iter().find(|(prefix, _)| subject.starts_with(prefix))?;
    let is_one = !subject[prefix.len()..].contains('/') && subject.len() > prefix.len();
    if !is_one || !actions.contains(&action) {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{subject}/:{action}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// Path of an execution, with its last colon encoded where it would name an action.
pub fn execution_path(id: &str) -> String {
    match id.rsplit_once(':') {
        Some((start, end)) if ACTIONS[1].1.contains(&end) => format!("/v1/executions/{start}%3A{end}"),
        _ => format!("/v1/executions/{id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(uri: &str) -> String {
        let uri: Uri = uri.parse().unwrap();
        rewritten(&uri).unwrap_or(uri).to_string()
    }

    #[test]
    fn a_known_action_becomes_a_segment() {
        assert_eq!(split("/v1/jobs/daily:pause"), "/v1/jobs/daily/:pause");
        assert_eq!(
            split("/v1/executions/a@2026-11-23T00:00:00Z:cancel?x=1"),
            "/v1/executions/a@2026-11-23T00:00:00Z/:cancel?x=1"
        );
        assert_eq!(split("/v1/executions/a%40b%7E2:retry"), "/v1/executions/a%40b%7E2/:retry");
    }

    #[test]
    fn everything_else_stays() {
        for uri in [
            "/v1/jobs:apply",
            "/v1/executions/a@2026-11-23T00:00:00Z",
            "/v1/jobs/daily:cancel",
            "/v1/jobs/:pause",
            "/v1/jobs/a/executions:pause",
            "/v1/executions/a@x%3Acancel",
        ] {
            assert_eq!(split(uri), uri);
        }
    }

    #[test]
    fn a_location_never_reads_as_an_action() {
        assert_eq!(execution_path("a@b:cancel"), "/v1/executions/a@b%3Acancel");
        assert_eq!(execution_path("a@2026-11-23T00:00:00Z"), "/v1/executions/a@2026-11-23T00:00:00Z");
    }
}
