//! End of an execution, whatever its cause, and what follows from it.

pub(crate) mod dead_letters;
pub(crate) mod misfire;
pub(crate) mod retain;
pub(crate) mod settle;
pub(crate) mod skip;
