//! Other schedulers' definitions to jobs.

pub mod crontab;
mod host;
mod job;
mod name;
mod report;

pub use self::{
    crontab::{Import, Options, Translation},
    host::Host,
    job::to_yaml,
    report::{Note, NoteKind},
};
