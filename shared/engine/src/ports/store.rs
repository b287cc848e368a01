//! The durable side. Every verb is one atomic write or one strongly consistent read, unless it
//! says otherwise; a verb that has returned `Ok` survives a crash.

#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Whether the write happened is unknown. Trying again is right: every verb can be repeated.
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    /// Somebody else leads now; this process must not write any more.
    #[error("another process has taken over")]
    Fenced,
    /// A row that this version can't read. It stays as it is.
    #[error("{what} can't be read: {why}")]
    Unreadable { what: String, why: String },
}

/// One page of a listing, newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}
