//! Tests of the command line, as its users meet it.

mod alerts;
mod backfill;
mod export;
mod import_crontab;
mod import_debian;
mod import_faults;
mod import_others;
mod import_shapes;
mod long_work;
mod rerun;
mod run_examples;
mod schedule_next;
mod schema;
mod server;
mod support;
mod usage;
