//! Tests of the runners, against real processes and servers.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

#[cfg(feature = "aws")]
mod aws;
mod command;
mod http;
mod https;
mod logs;
mod reach;
mod stop;
mod support;
