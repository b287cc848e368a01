//! Helpers that the end-to-end tests share: the real binary, started, called and stopped as users do
//! it.
//!
//! | file | what it shows |
//! |---|---|
//! | `tests/kill` | nothing is lost or done twice over twenty kill -9 |
//! | `tests/standby` | a second process takes over, and the first can't write any more |
//! | `tests/browser` | web pages, in real browsers, change nothing and read nothing |
//! | `tests/api_fuzz` | the API keeps to its OpenAPI document, whatever comes in |
//! | `tests/bad_input` | wrong input is refused, with its place, and changes nothing |
//! | `tests/file_modes` | belfry's files are for its user alone, and shared places stay open |
//! | `tests/stored` | an older version's rows are read and end, and versions run side by side |
//! | `tests/cloud` | the real functions on an emulated AWS, after a real `terraform apply` |
//! | `tests/journey` | the tour of the README and all that `examples/` promises |

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

mod api;
mod binary;
mod examples;
mod function;
mod held;
mod needs;
mod run;
mod server;
mod wait;

pub use self::{
    api::{Answer, Api},
    binary::{belfry, cargo, functions, target_directory, workspace},
    examples::Examples,
    function::Function,
    held::Held,
    needs::Needs,
    run::{Run, run, run_with_input, run_with_variables},
    server::{Server, Up},
    wait::until,
};
