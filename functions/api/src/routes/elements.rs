//! Executions of a list's elements, whose names follow from that of the list's execution.

use belfry_domain::{ExecutionId, Status};
use belfry_engine::EngineError;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    ApiState,
    http::{problem::ApiError, query::encode_cursor},
    views::{ExecutionPage, ExecutionView},
};

/// Number of rows that are read at once.
const READS: usize = 16;

pub(super) async fn page(
    state: &ApiState,
    whole: &ExecutionId,
    status: Option<Status>,
    limit: usize,
    cursor: Option<&str>,
) -> Result<ExecutionPage, ApiError> {
    let ports = &state.engine.ports;
    let not_found = || EngineError::NotFound { what: "execution", id: whole.to_string() };
    let row = ports.executions.execution(whole).await?.ok_or_else(not_found)?;
    let count = row.elements.map_or(0, |elements| elements.count);
    let wrong = || ApiError::parameter("cursor", "is not a cursor from an earlier page");
    let first = cursor.map_or(Ok(0), |cursor| cursor.parse().map_err(|_| wrong()))?;
    let rows = stream::iter((first..count).map(|index| (index, whole.element(index))));
    let rows =
        rows.map(|(index, id)| async move { ports.executions.execution(&id).await.map(|row| (index, row)) });
    let mut rows = rows.buffered(READS);
    let mut page = ExecutionPage { items: Vec::new(), next_cursor: None };
    while let Some((index, row)) = rows.try_next().await? {
        page.items.extend(
            row.filter(|row| status.is_none_or(|status| row.status == status)).map(ExecutionView::from),
        );
        if page.items.len() == limit {
            page.next_cursor =
                Some(index + 1).filter(|next| *next < count).map(|next| encode_cursor(&next.to_string()));
            break;
        }
    }
    Ok(page)
}
