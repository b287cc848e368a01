use belfry_engine::ports::StoreError;

/// Reason why a database can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    #[error(
        "the database comes from a newer version of belfry (format {found}, this one knows up to {known}): use that version"
    )]
    Newer { found: i64, known: i64 },
    #[error("the database can't be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file can't be made: {0}")]
    File(std::io::Error),
    #[error("the writer's thread can't be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Converts any error of SQLite (a full disk, a lock, a broken file): the write may not have happened.
pub(crate) fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

pub(crate) fn unreadable(what: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { what: what.to_owned(), why: why.to_string() }
}
