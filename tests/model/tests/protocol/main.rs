//! The model of the protocol, checked.

mod acyclic;
mod elements;
mod mutations;
mod write_path;
