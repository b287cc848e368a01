//! Reads the source of a crate as far as the tests here need it: which module names which, and
//! which methods call which.

pub mod circle;
pub mod source;
