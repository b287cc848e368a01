//! The route that serves the document.

use std::sync::LazyLock;

use axum::{
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
};

/// Get the OpenAPI document
#[utoipa::path(
    get, path = "/v1/openapi.json", tag = "service", operation_id = "get_openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub async fn openapi_document() -> Response {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| serde_json::to_vec(&super::openapi()).map(Bytes::from).unwrap_or_default());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}
