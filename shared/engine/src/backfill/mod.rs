//! Backfills: slots of a past range, run on request, a few at a time.
//!
//! The row of a backfill has one timer. The timer is written with the row and removed when the backfill
//! is over; until then every sweep makes a pass over the row, which counts ended executions and starts
//! as many as there is room for. Executions that are about to be started are named in the row first,
//! then created, each with a timer of its own, then sent. If two passes write the row at once, one of
//! them wins, or both where they write the same row. A pass that dies half way leaves names in the row
//! that have no execution; the next pass creates them.
//!
//! The process that ends an attempt of such an execution also counts it, and starts the next.

pub(crate) mod advance;
pub(crate) mod requests;
