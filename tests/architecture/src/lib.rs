//! Only tests: see `tests/imports.rs`.
