//! Worker: it runs the attempts that the engine has claimed.

pub mod daemon;
pub mod targets;
