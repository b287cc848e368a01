//! Gates: what the limits of jobs are kept in.

use async_trait::async_trait;
use belfry_domain::{Change, Execution, ExecutionId, Gate, GateKey, Place, Timer};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// What happens to an execution's row in the write that changes its gates.
#[derive(Debug, Clone, PartialEq)]
pub enum RowWrite {
    /// It is created, with this timer if there is one, unless the row is there.
    New(Box<Execution>, Option<Timer>),
    /// It is replaced, if its revision is the one that the change was made from.
    Changed(Box<Change>),
    /// Nothing: only gates change.
    Nothing,
}

/// What a gate becomes, if its revision is still `expected`; none where it needs no row.
#[derive(Debug, Clone, PartialEq)]
pub struct GateWrite {
    pub key: GateKey,
    pub expected: u64,
    pub gate: Option<Gate>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Passed {
    Done,
    /// The row is another than expected, and nothing was written.
    RowMoved(Option<Box<Execution>>),
    /// A gate is another than expected, and nothing was written.
    GateMoved,
}

#[async_trait]
pub trait GateStore: Send + Sync {
    /// In the order of the keys; one without a row reads as the default.
    async fn gates(&self, keys: &[GateKey]) -> Result<Vec<Gate>>;

    /// All of these in one write, or nothing.
    async fn pass(&self, row: RowWrite, gates: Vec<GateWrite>) -> Result<Passed>;

    /// Takes a place in the line before its gate. Taking it twice is taking it once.
    async fn join_line(&self, place: &Place, id: &ExecutionId) -> Result<()>;

    async fn leave_line(&self, place: &Place, id: &ExecutionId) -> Result<()>;

    /// The first ones, in the order of the line.
    async fn line(&self, gate: &GateKey, limit: usize) -> Result<Vec<(Place, ExecutionId)>>;
}
