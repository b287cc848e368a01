//! Translation of a schedule as the controller reads it (robfig/cron, `ParseStandard`).

use crate::import::fields::{Field, Report, text_of};

const EVERY: &str =
    "counts from the epoch, so that all processes agree; the controller counts from the previous start";
const QUARTZ: &str = "has more than five fields, which Kubernetes refuses; write a Quartz expression (seconds first) \
                      with five fields";
const ZONE: &str = "is in the schedule; the supported place is spec.timeZone";

/// Schedule, and its zone where it begins with one.
pub fn read(field: &Field, report: &mut Report) -> Result<(String, Option<String>), String> {
    let text = text_of(field.node).ok_or("spec.schedule: is not a text")?;
    let (zone, text) = zone_and_rest(text.trim());
    if zone.is_some() {
        report.changed(field, ZONE);
    }
    let fields = text.split([' ', '\t']).filter(|field| !field.is_empty()).count();
    if fields > BOUNDS.len() && !text.starts_with('@') {
        return Err(format!("spec.schedule: {text}: {QUARTZ}"));
    }
    if text.starts_with("@every") {
        report.changed(field, EVERY);
    }
    Ok((in_unix_form(text), zone))
}

fn zone_and_rest(text: &str) -> (Option<String>, &str) {
    let prefixed = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ="));
    match prefixed.and_then(|rest| rest.split_once(char::is_whitespace)) {
        Some((zone, rest)) => (Some(zone.to_owned()), rest.trim_start()),
        None => (None, text),
    }
}

/// First and last values of minute, hour, day, month and weekday.
const BOUNDS: [(&str, &str); 5] = [("0", "59"), ("0", "23"), ("1", "31"), ("1", "12"), ("0", "6")];

/// Unix form of a schedule. `?` is another `*`, and `5/15` begins at 5. With both day fields
/// restricted, either of them is enough; `*/2` restricts here, while in the Unix form a field that
/// begins with `*` does not.
fn in_unix_form(text: &str) -> String {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let is_restricted = |at: usize| fields.get(at).is_some_and(|field| !matches!(*field, "*" | "?"));
    let is_either = is_restricted(2) && is_restricted(4);
    if fields.len() != BOUNDS.len() {
        return fields.join(" ");
    }
    let unix = fields.iter().zip(BOUNDS).enumerate().map(|(at, (field, bounds))| {
        let is_day = matches!(at, 2 | 4);
        let items = field.split(',').map(|item| item_in_unix_form(item, bounds, is_day && is_either));
        items.collect::<Vec<_>>().join(",")
    });
    unix.collect::<Vec<_>>().join(" ")
}

fn item_in_unix_form(item: &str, (first, last): (&str, &str), restricts: bool) -> String {
    match item.split_once('/') {
        Some(("*" | "?", step)) if restricts && step != "1" => format!("{first}-{last}/{step}"),
        Some((from, step)) if !matches!(from, "*" | "?") && !from.contains('-') => {
            format!("{from}-{last}/{step}")
        }
        _ => item.replace('?', "*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks cases from robfig/cron's documentation and `spec.go`.
    #[test]
    fn what_the_controller_reads_differently() {
        for (text, unix) in [
            ("*/5 * * * *", "*/5 * * * *"),
            ("0 0 ? * MON", "0 0 * * MON"),
            ("0 0 */2 * *", "0 0 */2 * *"),
            ("0 0 */2 * MON", "0 0 1-31/2 * MON"),
            ("0 0 13 * */2", "0 0 13 * 0-6/2"),
            ("0 0 */2 * ?", "0 0 */2 * *"),
            ("0 0 */2,5 * MON", "0 0 1-31/2,5 * MON"),
            ("5/15 9-17/2 * * *", "5-59/15 9-17/2 * * *"),
            ("@daily", "@daily"),
            ("@every 1h30m", "@every 1h30m"),
        ] {
            assert_eq!(in_unix_form(text), unix, "{text}");
        }
        assert_eq!(
            zone_and_rest("CRON_TZ=Asia/Tokyo 0 9 * * *"),
            (Some("Asia/Tokyo".to_owned()), "0 9 * * *")
        );
    }
}
