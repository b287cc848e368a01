//! Instants on the command line: absolute, or a time ago.

use std::str::FromStr;

use belfry_domain::HumanDuration;
use chrono::{DateTime, TimeDelta, Utc};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    At(DateTime<Utc>),
    Ago(HumanDuration),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        let wanted = "expected an instant such as 2026-11-23T00:00:00Z, or an age such as 24h";
        text.parse()
            .map(Self::Ago)
            .map_err(|error: belfry_domain::DurationError| format!("{wanted}: {error}"))
    }
}

impl Moment {
    pub fn instant(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Ago(duration) => now - TimeDelta::milliseconds(duration.0.as_millis() as i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_and_relative() {
        let now: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        let instant = |text: &str| text.parse::<Moment>().map(|moment| moment.instant(now).to_rfc3339());
        assert_eq!(instant("24h").unwrap(), "2026-11-23T12:00:00+00:00");
        assert_eq!(instant("2026-11-23T02:00:00+02:00").unwrap(), "2026-11-23T00:00:00+00:00");
        assert!(instant("yesterday").unwrap_err().starts_with("expected an instant such as"));
    }
}
