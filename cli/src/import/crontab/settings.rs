//! The variables of a crontab: each holds for the entries below it.

use std::collections::BTreeMap;

use crate::import::{Host, NoteKind};

/// What became of a variable that did not simply go into the environment.
pub type Remark = (NoteKind, String);

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
            "MAILTO" | "MAILFROM" | "CONTENT_TYPE" | "CONTENT_TRANSFER_ENCODING" => return mail(name, value),
            "LOGNAME" | "USER" => {
                return changed(format!(
                    "cron does not let a crontab set {name}; it is what the account says"
                ));
            }
            "START_HOURS_RANGE" => {
                return Some((
                    NoteKind::NotCarriedOver,
                    "belfry has no such bound; give the job hours in its schedule".to_owned(),
                ));
            }
            "CRON_TZ" => {
                value.clone_into(&mut self.timezone);
                return changed(
                    "is the time zone of the schedules below it, as in cronie; Debian's own cron ignores it",
                );
            }
            "RANDOM_DELAY" => return self.random_delay(value),
            "SHELL" => value.clone_into(&mut self.shell),
            "HOME" => self.home = Some(value.to_owned()),
            _ => {}
        }
        self.environment.insert(name.to_owned(), value.to_owned());
        (name == "TZ").then(|| {
            let text =
                "is passed to the commands, as cron does; it does not move their schedule (CRON_TZ would)";
            (NoteKind::Changed, text.to_owned())
        })
    }

    fn random_delay(&mut self, value: &str) -> Option<Remark> {
        match value.parse() {
            Ok(minutes) => {
                self.random_delay_minutes = Some(minutes).filter(|minutes| *minutes > 0);
                changed("is a jitter, fixed for each slot; cronie draws one delay each time it starts")
            }
            Err(_) => Some((NoteKind::NotCarriedOver, "is no number of minutes".to_owned())),
        }
    }
}

fn changed(text: impl Into<String>) -> Option<Remark> {
    Some((NoteKind::Changed, text.into()))
}

fn mail(name: &str, value: &str) -> Option<Remark> {
    // "Send nothing" is what belfry does.
    if name == "MAILTO" && value.is_empty() {
        return None;
    }
    let text =
        "belfry sends no mail; the output of each attempt is kept (belfry logs), failures are dead letters";
    Some((NoteKind::NotCarriedOver, text.to_owned()))
}
