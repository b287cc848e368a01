//! Rules of the source text.

mod floors;
mod imports;
mod language;
mod ports;
mod targets;
mod walk;
