//! All tests that run the real programs, in one program: they wait more than they work, so several run at once.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

use std::sync::LazyLock;

use belfry_e2e::Needs;
use libtest_mimic::{Arguments, Trial};
use tokio::{runtime::Runtime, sync::Semaphore};

/// Makes trials of functions, which are async or `as blocking`. A function that is in no list is dead code.
macro_rules! cases {
    (@ $case:path) => { || crate::block_on($case()) };
    (@ $case:path as blocking) => { $case };
    ($($case:path $(as $how:ident)?),* $(,)?) => {
        vec![$(crate::case(
            concat!(module_path!(), "::", stringify!($case)).trim_start_matches("e2e::"),
            cases!(@ $case $(as $how)?),
        )),*]
    };
}

mod api_fuzz;
mod bad_input;
mod browser;
mod cloud;
mod file_modes;
mod journey;
mod kill;
mod standby;
mod stored;
mod workers;
mod zone_data;

/// Number of cases that run at once, beside all those of `cloud`, which wait together for minutes.
static PLACES: Semaphore = Semaphore::const_new(3);
/// Runtime of what cases share.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn main() {
    let mut needs = Needs::default();
    // Those that take longest begin.
    let cases: Vec<Trial> = [
        cloud::cases(),
        stored::cases(),
        kill::cases(),
        standby::cases(),
        api_fuzz::cases(),
        browser::cases(&mut needs),
        workers::cases(),
        journey::cases(),
        bad_input::cases(),
        file_modes::cases(),
        zone_data::cases(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut arguments = Arguments::from_args();
    // Each waits in a thread for its place.
    arguments.test_threads.get_or_insert(cases.len());
    let conclusion = libtest_mimic::run(&arguments, cases);
    cloud::clear_up();
    needs.list_what_was_skipped();
    conclusion.exit();
}

fn case(name: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        let _place = RUNTIME.block_on(PLACES.acquire()).unwrap();
        run();
        Ok(())
    })
}

/// Runs a case on a runtime that ends with it.
fn block_on(case: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(case);
}
