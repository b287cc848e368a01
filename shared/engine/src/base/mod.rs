//! Base of all floors above: reads that many modules need, and the one way on which each thing is
//! written or sent.
//!
//! | what | module |
//! |---|---|
//! | messages: which starts an attempt, and how it is sent | `outbox` |
//! | changes of executions, each fenced by the row that it was made from | `writes`, `gates` |
//! | changes that came second, made again | `retry` |
//! | rows of slots, created under their guard | `guards` |
//! | timers for a later look | `checks` |
//! | the clock, and waiting for an instant | `clock` |
//! | jobs, an execution's work | `jobs`, `work` |
//! | deadlines, generations, dead letters | `deadlines`, `generations`, `letters` |
//! | attempts of this process | `running` |
//! | rows that can't be read, reported once an hour | `unreadable` |

pub(crate) mod checks;
pub(crate) mod clock;
pub(crate) mod deadlines;
pub(crate) mod error;
pub(crate) mod gates;
pub(crate) mod generations;
pub(crate) mod guards;
pub(crate) mod jobs;
pub(crate) mod letters;
pub(crate) mod outbox;
pub(crate) mod retry;
pub(crate) mod running;
pub(crate) mod settings;
pub(crate) mod unreadable;
pub(crate) mod work;
pub(crate) mod writes;
