//! Entries of an anacrontab: a period in days, a delay in minutes, a name and a command.
//!
//! anacron runs a job once in each period, as soon as the machine is up; its own time of day is cron's
//! or the boot's. Belfry has a fixed time for each: the first of `START_HOURS_RANGE` (midnight without
//! one) plus the delay. A missed one runs when belfry is up again.

use super::lines::split_words;

const ONCE: &str = "anacron runs the job once in each period, when the machine is up; in belfry the job is due at this \
                    time, and a missed run starts later";
const DAYS: &str = "anacron runs the job once in this many days, when the machine is up, after the delay; belfry counts days \
                    from the epoch, at midnight UTC and without the delay, and a missed run starts later";

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub name: &'a str,
    pub command: &'a str,
    pub schedule: String,
    pub remark: &'static str,
}

/// Reads a line. `None` where it is no such entry.
pub(super) fn read(line: &str, first_hour: u32) -> Option<Entry<'_>> {
    let (words, command) = split_words(line.trim_end(), 3);
    let [period, delay, name] = words[..] else { return None };
    let delay: u32 = delay.parse().ok()?;
    if command.is_empty() {
        return None;
    }
    let (minute, hour) = (delay % 60, first_hour + delay / 60);
    if hour > 23 {
        return None;
    }
    let schedule = match period {
        "1" | "@daily" => format!("{minute} {hour} * * *"),
        "7" | "@weekly" => format!("{minute} {hour} * * 0"),
        "@monthly" => format!("{minute} {hour} 1 * *"),
        "@yearly" | "@annually" => format!("{minute} {hour} 1 1 *"),
        days => format!("@every {}d", days.parse::<u32>().ok().filter(|days| *days > 0)?),
    };
    let remark = if schedule.starts_with('@') { DAYS } else { ONCE };
    Some(Entry { name, command, schedule, remark })
}

/// First hour of a range such as `3-22`.
pub(super) fn first_hour(range: &str) -> Option<u32> {
    let (first, last) = range.split_once('-')?;
    let hour = |text: &str| text.trim().parse::<u32>().ok().filter(|hour| *hour < 24);
    hour(last).and(hour(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_delays() {
        for (line, hour, schedule) in [
            ("1 5 cron.daily run-parts --report /etc/cron.daily", 0, "5 0 * * *"),
            ("7\t70\tcron.weekly\trun-parts /etc/cron.weekly", 3, "10 4 * * 0"),
            ("@monthly 15 cron.monthly run-parts /etc/cron.monthly", 3, "15 3 1 * *"),
            ("3 0 three x", 0, "@every 3d"),
        ] {
            assert_eq!(read(line, hour).unwrap().schedule, schedule, "{line}");
        }
        for line in ["1 1440 name c", "1 5 name", "x 5 name c", "0 5 name c", "1 y name c", ""] {
            assert_eq!(read(line, 0), None, "{line}");
        }
        assert_eq!((first_hour("3-22"), first_hour("3"), first_hour("25-26")), (Some(3), None, None));
    }
}
