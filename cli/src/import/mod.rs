//! Translation of other schedulers' definitions into jobs.

pub mod airflow;
pub mod celery;
pub mod crontab;
pub mod eventbridge;
mod fields;
mod host;
mod job;
pub mod kubernetes;
#[cfg(test)]
mod mutations;
mod name;
mod python;
mod report;
pub mod systemd;
mod zone;

pub use self::{
    host::{Host, distrust},
    job::{CommandTarget, ImportedJob},
    report::{Note, NoteKind, Translation},
};
