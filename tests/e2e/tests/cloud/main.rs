//! The installation on AWS, on an emulator of it: the module of `infra/` applied by a real
//! Terraform, the real functions, called over the HTTP API's address.
//!
//! The emulator differs from AWS: its Scheduler looks every ten seconds and puts nothing in the
//! place of `<aws.scheduler.scheduled-time>`, so what a job's own schedule sends is sent here as
//! it is documented. What is due within minutes starts without a tick; `clocks` waits for one.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

mod clocks;
mod installation;
mod outside;
mod receiver;
mod recovery;
mod work;
