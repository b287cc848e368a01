use belfry_engine::ports::StoreError;

/// Reason why a database can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    #[error(
        "the database has format {found} of a newer version of belfry; this version supports formats up to {known}, use the newer version"
    )]
    Newer { found: i64, known: i64 },
    #[error("cannot open the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("cannot create the file: {0}")]
    File(std::io::Error),
    #[error("cannot start the writer thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Converts any error of SQLite (a full disk, a lock, a broken file): the write may not have happened.
pub(crate) fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

pub(crate) fn unreadable(what: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { what: what.to_owned(), why: why.to_string() }
}
