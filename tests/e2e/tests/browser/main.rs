//! Pages of the web, in real browsers, against a real belfry without a token: nothing that they send
//! changes anything, and they read nothing. These pages succeed with all of it at a server that accepts
//! every origin.
//!
//! Needs Chromium and Firefox as Debian has them; a case whose browser is not installed is ignored.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

mod attack;
mod launch;
mod site;

use belfry_e2e::Needs;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use self::{attack::Origin, launch::Browser};

fn main() {
    let browsers = [("chromium", Browser::Chromium), ("firefox", Browser::Firefox)];
    let origins = [
        ("other_port", Origin::OtherPort),
        ("foreign_name", Origin::ForeignName),
        ("rebound_name", Origin::ReboundName),
    ];
    let mut needs = Needs::default();
    let mut cases = Vec::new();
    for (name, browser) in browsers {
        for (of, origin) in origins {
            let case = format!("{name}::{of}");
            let program = needs.program(&case, browser.programs());
            let is_ignored = program.is_none();
            let run = move || {
                let program = program.ok_or("its browser is not installed")?;
                Runtime::new().unwrap().block_on(attack::gets_nothing(browser, &program, origin));
                Ok(())
            };
            cases.push(
                Trial::test(case, run).with_ignored_flag(is_ignored && !Needs::is_everything_required()),
            );
        }
    }
    let mut arguments = Arguments::from_args();
    // Each has a browser of several processes.
    arguments.test_threads.get_or_insert(2);
    let conclusion = libtest_mimic::run(&arguments, cases);
    needs.list_what_was_skipped();
    conclusion.exit();
}
