//! The variables of a crontab: each holds for the entries below it.

use std::collections::BTreeMap;

use crate::import::{Host, NoteKind};

/// What became of a variable that did not simply go into the environment.
pub type Remark = (NoteKind, String);

const NO_MAIL: &str =
    "belfry sends no mail; the output of each attempt is kept (belfry logs), failures are dead letters";
const OWN_ZONE: &str =
    "is the time zone of the schedules below it, as in cronie; Debian's own cron ignores it";
const COMMANDS_ZONE: &str =
    "is passed to the commands, as cron does; it does not move their schedule (CRON_TZ would)";

#[derive(Debug, Clone)]
pub struct Settings {
    pub shell: String,
    /// Of the schedules.
    pub timezone: String,
    pub home: Option<String>,
    pub random_delay_minutes: Option<u32>,
    pub environment: BTreeMap<String, String>,
}

impl Settings {
    pub fn new(host: &Host, timezone: Option<&str>) -> Self {
        Self {
            shell: "/bin/sh".to_owned(),
            timezone: timezone.unwrap_or(&host.timezone).to_owned(),
            home: None,
            random_delay_minutes: None,
            environment: BTreeMap::new(),
        }
    }

    pub fn set(&mut self, name: &str, value: &str) -> Option<Remark> {
        match name {
            // "Send nothing" is what belfry does.
            "MAILTO" if value.is_empty() => return None,
            "MAILTO" | "MAILFROM" | "CONTENT_TYPE" | "CONTENT_TRANSFER_ENCODING" => {
                return Some(lost(NO_MAIL));
            }
            "LOGNAME" | "USER" => {
                return Some(changed("cron lets no crontab set it: it is what the account says"));
            }
            "START_HOURS_RANGE" => {
                return Some(lost("belfry has no such bound; give the jobs hours in their schedules"));
            }
            "CRON_TZ" => {
                value.clone_into(&mut self.timezone);
                return Some(changed(OWN_ZONE));
            }
            "RANDOM_DELAY" => return Some(self.random_delay(value)),
            "SHELL" => value.clone_into(&mut self.shell),
            "HOME" => self.home = Some(value.to_owned()),
            _ => {}
        }
        self.environment.insert(name.to_owned(), value.to_owned());
        (name == "TZ").then(|| changed(COMMANDS_ZONE))
    }

    fn random_delay(&mut self, value: &str) -> Remark {
        match value.parse() {
            Ok(minutes) => {
                self.random_delay_minutes = Some(minutes).filter(|minutes| *minutes > 0);
                changed("is a jitter, fixed for each slot; cronie draws one delay each time it starts")
            }
            Err(_) => lost("is no number of minutes"),
        }
    }
}

fn changed(text: &str) -> Remark {
    (NoteKind::Changed, text.to_owned())
}

fn lost(text: &str) -> Remark {
    (NoteKind::NotCarriedOver, text.to_owned())
}
