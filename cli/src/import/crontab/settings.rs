//! Variables of a crontab. Each applies to the entries below it.

use std::collections::BTreeMap;

use super::anacron;
use crate::import::{Host, NoteKind, zone::Zone};

/// Outcome for a variable.
pub type Remark = (NoteKind, &'static str);

const NO_MAIL: &str = "belfry sends no mail; the output of each attempt is kept (belfry logs)";
const NOBODY: &str = "belfry sends no mail either";
const OWN_ZONE: &str =
    "is the time zone of the schedules below, as in cronie; Debian's cron ignores this line";
const COMMANDS_ZONE: &str =
    "is passed to the commands, as in cron, and does not change their schedule (CRON_TZ would)";
const PASSED: &str = "passed to the commands below it";
const FIRST_HOUR: &str = "the jobs below are due at its first hour; missed runs start at any hour";

#[derive(Debug, Clone)]
pub struct Settings {
    pub shell: String,
    /// Zone of the schedules, or the reason why there is none.
    pub timezone: Result<Zone, String>,
    pub home: Option<String>,
    pub random_delay_minutes: Option<u32>,
    pub first_hour: u32,
    pub environment: BTreeMap<String, String>,
}

impl Settings {
    /// Settings with the variables that cron itself gives to commands.
    pub fn new(host: &Host, timezone: Option<&str>) -> Self {
        let shell = "/bin/sh".to_owned();
        let environment =
            BTreeMap::from([("PATH".to_owned(), host.path.clone()), ("SHELL".to_owned(), shell.clone())]);
        Self {
            shell,
            timezone: timezone
                .map_or_else(|| host.timezone.clone(), |name| Ok(Zone::new(name, "--timezone"))),
            home: None,
            random_delay_minutes: None,
            first_hour: 0,
            environment,
        }
    }

    pub fn set(&mut self, name: &str, value: &str) -> Remark {
        match name {
            "MAILTO" if value.is_empty() => return (NoteKind::CarriedOver, NOBODY),
            "MAILTO" | "MAILFROM" | "CONTENT_TYPE" | "CONTENT_TRANSFER_ENCODING" => return lost(NO_MAIL),
            "LOGNAME" | "USER" => {
                return changed("cron takes this value from the account, not from a crontab");
            }
            "START_HOURS_RANGE" => return self.hours(value),
            "CRON_TZ" => {
                self.timezone = Ok(Zone::new(value, "CRON_TZ"));
                return changed(OWN_ZONE);
            }
            "RANDOM_DELAY" => return self.random_delay(value),
            "SHELL" => value.clone_into(&mut self.shell),
            "HOME" => self.home = Some(value.to_owned()),
            _ => {}
        }
        self.environment.insert(name.to_owned(), value.to_owned());
        if name == "TZ" { changed(COMMANDS_ZONE) } else { (NoteKind::CarriedOver, PASSED) }
    }

    fn hours(&mut self, value: &str) -> Remark {
        match anacron::first_hour(value) {
            Some(hour) => {
                self.first_hour = hour;
                changed(FIRST_HOUR)
            }
            None => lost("is not a range of hours"),
        }
    }

    fn random_delay(&mut self, value: &str) -> Remark {
        match value.parse() {
            Ok(minutes) => {
                self.random_delay_minutes = Some(minutes).filter(|minutes| *minutes > 0);
                changed("is a jitter, fixed for each slot; cronie draws a delay at each of its own starts")
            }
            Err(_) => lost("is not a number of minutes"),
        }
    }
}

fn changed(text: &'static str) -> Remark {
    (NoteKind::Changed, text)
}

fn lost(text: &'static str) -> Remark {
    (NoteKind::NotCarriedOver, text)
}
