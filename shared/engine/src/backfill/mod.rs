//! Backfills: slots of a past range, run on request, a few at a time.
//!
//! A backfill's row has one timer, written with it and removed when it is over. It stays where it
//! is, so every sweep looks at the row: counts what has ended, and starts as much as has room. What
//! is about to be started is written into the row first, then created, each execution with a timer
//! of its own, then sent. Two looks at once write the row, and one of them wins, or both where they
//! write the same; a look that dies on its way leaves names in the row that have no execution, and
//! the next one creates them.
//!
//! Whoever ends an attempt of one of its executions counts it, and starts the next.

pub(crate) mod look;
pub(crate) mod requests;
