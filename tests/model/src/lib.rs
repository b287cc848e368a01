//! TODO
pub mod actions;
pub mod config;
mod execute;
mod fan_out;
pub mod process;
pub mod properties;
pub mod reachable;
pub mod safeguard;
pub mod state;
mod sweep;
mod tick;
pub mod worlds;
