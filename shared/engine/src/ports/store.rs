//! Stores: the durable side. Every verb is one atomic write or one strongly consistent read, unless its
//! description says otherwise. A verb that has returned `Ok` survives a crash.

#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store did not answer, and a write may or may not have happened. The caller should repeat the
    /// call: every verb can be repeated.
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    /// Another process leads now. This process must not write any more.
    #[error("another process has taken over")]
    Fenced,
    /// This version can't read a row. The row stays as it is.
    #[error("{what} can't be read: {why}")]
    Unreadable { what: String, why: String },
}

/// One page of a listing, newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Cursor of the next page. `None` after the last page.
    pub next: Option<String>,
}
