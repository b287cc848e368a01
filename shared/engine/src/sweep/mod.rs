//! Sweep: it looks at timers that fired a while ago and still exist.
//!
//! A timer behind the cursor guards an execution, and mostly is gone before the sweep gets to it. If it
//! is not, a message was lost, a worker died, a wait is long, or a crash came between the end of an
//! execution and its consequences. Each examination either finishes the matter or sets a later
//! examination, twice as far off as the last, so that the work of the sweep never grows.

pub(crate) mod audit;
pub(crate) mod examine;
pub(crate) mod letters;
pub(crate) mod pass;
pub(crate) mod resend;
pub(crate) mod retention;
