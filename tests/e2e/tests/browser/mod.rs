//! Pages of the web, in real browsers, against a real belfry without a token: nothing that they send
//! changes anything, and they read nothing. These pages succeed with all of it at a server that accepts
//! every origin.
//!
//! Needs Chromium and Firefox as Debian has them; a case whose browser is not installed is ignored.

mod attack;
mod launch;
mod site;

use belfry_e2e::Needs;
use libtest_mimic::Trial;

use self::{attack::Origin, launch::Browser};
use crate::{block_on, case};

/// Cases whose browser is not installed are ignored, and `needs` knows them.
pub fn cases(needs: &mut Needs) -> Vec<Trial> {
    let browsers = [("chromium", Browser::Chromium), ("firefox", Browser::Firefox)];
    let origins = [
        ("other_port", Origin::OtherPort),
        ("foreign_name", Origin::ForeignName),
        ("rebound_name", Origin::ReboundName),
    ];
    let mut cases = Vec::new();
    for (name, browser) in browsers {
        for (of, origin) in origins {
            let name = format!("browser::{name}::{of}");
            let program = needs.program(&name, browser.programs());
            let is_ignored = program.is_none() && !Needs::is_everything_required();
            let run = move || {
                let program = program.expect("its browser is not installed");
                block_on(attack::gets_nothing(browser, &program, origin));
            };
            cases.push(case(&name, run).with_ignored_flag(is_ignored));
        }
    }
    cases
}
