//! Gates: rows that hold the state of jobs' limits.

use async_trait::async_trait;
use belfry_domain::{Change, Execution, ExecutionId, Gate, GateKey, Place, Timer};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// Write of an execution's row, in the transaction that changes its gates.
#[derive(Debug, Clone, PartialEq)]
pub enum RowWrite {
    /// Creates the row, with this timer if there is one, unless the row exists.
    New(Box<Execution>, Option<Timer>),
    /// Replaces the row, if its revision is the one that the change was made from.
    Changed(Box<Change>),
    /// Writes no row: only gates change.
    Nothing,
}

/// New state of a gate, to be written if the gate's revision is still `expected`. `gate` is `None`
/// where the gate needs no row.
#[derive(Debug, Clone, PartialEq)]
pub struct GateWrite {
    pub key: GateKey,
    pub expected: u64,
    pub gate: Option<Gate>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Passed {
    Done,
    /// The row is not as expected, and nothing was written. Holds the row as it is now.
    RowMoved(Option<Box<Execution>>),
    /// A gate is not as expected, and nothing was written.
    GateMoved,
}

#[async_trait]
pub trait GateStore: Send + Sync {
    /// Reads gates, in the order of the keys. A gate without a row reads as the default.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn gates(&self, keys: &[GateKey]) -> Result<Vec<Gate>>;

    /// Writes the row and all gates in one transaction, or nothing.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn pass(&self, row: RowWrite, gates: Vec<GateWrite>) -> Result<Passed>;

    /// Takes a place in the line before its gate. A repeated call changes nothing.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn join_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()>;

    /// Gives up a place in the line. A repeated call changes nothing.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn leave_waitlist(&self, place: &Place, id: &ExecutionId) -> Result<()>;

    /// First places in the line, in order, at most `limit`.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn line(&self, gate: &GateKey, limit: usize) -> Result<Vec<(Place, ExecutionId)>>;
}
