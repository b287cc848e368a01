//! Translation of a schedule into expressions of Amazon EventBridge Scheduler.
//!
//! Some schedules have no translation: those with seconds, intervals (EventBridge's `rate` counts from its own
//! schedule, which is made and replaced at other times than the job), and Unix expressions that restrict both
//! day fields and mean AND. An OR of both day fields becomes two expressions.

use chrono::{DateTime, Utc};

use super::{Schedule, Slots, Zone};

impl Schedule {
    /// Expressions that together name these slots, all in the schedule's zone. `None` where there are
    /// no such expressions. A slot that a clock change moves may be missing from them.
    pub fn eventbridge(&self) -> Option<Vec<String>> {
        let text = self.expression.trim();
        if text.starts_with("cron(") || text.starts_with("at(") {
            return Some(vec![text.to_owned()]);
        }
        match &self.slots {
            Slots::Calendar(slots) => slots.calendar.walks().map(cron).collect(),
            Slots::Once(instant) => at(*instant, self.timezone()).map(|text| vec![text]),
            Slots::Every(_) => None,
        }
    }
}

fn at(instant: DateTime<Utc>, zone: &Zone) -> Option<String> {
    let is_whole = instant.timestamp_subsec_millis() == 0;
    is_whole.then(|| format!("at({})", zone.local(instant).format("%Y-%m-%dT%H:%M:%S")))
}

/// Translates the walk's own six fields, whose days of week count as EventBridge's do.
fn cron(walk: &cron::Schedule) -> Option<String> {
    let fields: Vec<&str> = walk.source().split_whitespace().collect();
    let [seconds, minutes, hours, day_of_month, month, day_of_week] = fields[..] else { return None };
    let (day_of_month, day_of_week) = match (day_of_month, day_of_week) {
        (day, "*") => (day, "?"),
        ("*", day) => ("?", day),
        _ => return None,
    };
    (seconds == "0").then(|| format!("cron({minutes} {hours} {day_of_month} {month} {day_of_week} *)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(expression: &str) -> Option<Vec<String>> {
        Schedule::parse(expression, Some("Europe/Berlin")).unwrap().eventbridge()
    }

    #[test]
    fn what_eventbridge_can_say_is_said() {
        for (ours, theirs) in [
            ("0 9 * * *", vec!["cron(0 9 * * ? *)"]),
            ("*/20 9-11 * * MON-FRI", vec!["cron(0,20,40 9,10,11 ? * 2,3,4,5,6 *)"]),
            ("30 6 1,15 * 0", vec!["cron(30 6 1,15 * ? *)", "cron(30 6 ? * 1 *)"]),
            ("@yearly", vec!["cron(0 0 1 1 ? *)"]),
            ("cron(0 18 L * ? 2026-2030)", vec!["cron(0 18 L * ? 2026-2030)"]),
            ("at(2026-12-24T18:00:00)", vec!["at(2026-12-24T18:00:00)"]),
            ("2026-12-24T18:00:00Z", vec!["at(2026-12-24T19:00:00)"]),
        ] {
            assert_eq!(translated(ours).unwrap(), theirs, "{ours}");
        }
    }

    #[test]
    fn what_it_cannot_say_is_none() {
        for ours in
            ["30 0 9 * * *", "@every 90s", "rate(5 minutes)", "0 9 */2 * MON", "2026-12-24T18:00:00.250Z"]
        {
            assert_eq!(translated(ours), None, "{ours}");
        }
    }

    /// Parses the translation with our own parser of that grammar, and compares the slots.
    #[test]
    fn both_forms_name_the_same_slots() {
        let from = "2026-11-23T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
        for ours in ["*/7 3,15 * * *", "0 0 1-7 * SUN", "15 14 1 * *", "59 23 31 12 *"] {
            let schedule = Schedule::parse(ours, None).unwrap();
            let theirs = schedule.eventbridge().unwrap();
            let theirs: Vec<Schedule> =
                theirs.iter().map(|text| Schedule::parse(text, None).unwrap()).collect();
            for slot in schedule.upcoming(from).take(200) {
                assert!(theirs.iter().any(|each| each.contains(slot)), "{ours}: {slot} is missing");
            }
            for slot in theirs.iter().flat_map(|each| each.upcoming(from).take(200)) {
                assert!(schedule.contains(slot), "{ours}: {slot} is too many");
            }
        }
    }
}
