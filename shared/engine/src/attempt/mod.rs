//! Attempts: from the claim of a message to the success, the retry or the end of its execution.

pub(crate) mod claim;
pub(crate) mod execute;
pub(crate) mod fan_out;
pub(crate) mod finish;
pub(crate) mod hand_over;
pub(crate) mod remote;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod workers;
