//! The sweep: looks at timers that fired a while ago and are still there.
//!
//! A timer behind the cursor guards an execution. Mostly it is gone before the sweep gets to it.
//! Where it is not, a message was lost, a worker died, a wait is long, or a crash came between the
//! end of an execution and what follows from it. Each look either finishes the matter or sets a
//! later look, twice as far off as the last, so that what is looked at never grows.

pub(crate) mod audit;
pub(crate) mod examine;
pub(crate) mod pass;
pub(crate) mod resend;
pub(crate) mod retention;
