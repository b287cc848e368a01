//! The end of an execution, whatever brought it about, and what follows from it.

pub(crate) mod dead_letters;
pub(crate) mod misfire;
pub(crate) mod settle;
pub(crate) mod skip;
