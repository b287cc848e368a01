//! Reads the source of a crate as far as the tests here need it: which module names which, which
//! methods call which, and what is called on the ports.

pub mod circle;
mod paths;
pub mod source;
mod tokens;

pub use self::paths::Segments;
