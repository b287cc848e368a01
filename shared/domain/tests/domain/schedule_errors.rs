//! Every error names the field, the column, the offending text and what is allowed.

use belfry_domain::schedule::{Schedule, ScheduleError};

/// Checks that each expression is refused at this byte offset with this message.
#[track_caller]
fn refused(cases: &[(&str, usize, &str)]) {
    for (expression, position, message) in cases {
        let error = Schedule::parse(expression, None).expect_err(expression);
        assert_eq!(error.to_string(), *message, "{expression}");
        assert_eq!(error.position(), *position, "{expression}");
        assert!(message.starts_with(error.field()), "{expression}");
    }
}

#[test]
fn values_out_of_range() {
    refused(&[
        ("0 25 * * *", 2, "hour (column 3): 25 is out of range 0-23"),
        ("60 * * * *", 0, "minute (column 1): 60 is out of range 0-59"),
        ("61 * * * * *", 0, "second (column 1): 61 is out of range 0-59"),
        ("0 0 0 * *", 4, "day-of-month (column 5): 0 is out of range 1-31"),
        ("0 0 1 13 *", 6, "month (column 7): 13 is out of range 1-12"),
        ("0 0 * * 8", 8, "day-of-week (column 9): 8 is out of range 0-7"),
        ("0 0 * * 1,5-9/2", 12, "day-of-week (column 13): 9 is out of range 0-7"),
        ("  0 \t25 * * *", 5, "hour (column 6): 25 is out of range 0-23"),
        ("99999999999999 * * * *", 0, "minute (column 1): 99999999999999 is out of range 0-59"),
        ("cron(0 0 32W * ? *)", 9, "day-of-month (column 10): 32 is out of range 1-31"),
        ("cron(0 0 ? * 8 *)", 13, "day-of-week (column 14): 8 is out of range 1-7"),
        ("cron(0 0 1 1 ? 1969)", 15, "year (column 16): 1969 is out of range 1970-2199"),
        ("@every 0s", 7, "interval (column 8): 0s is out of range 1s-36500d"),
        ("@every 1h36500d", 7, "interval (column 8): 1h36500d is out of range 1s-36500d"),
        (
            "@every 99999999999999999999d",
            7,
            "interval (column 8): 99999999999999999999d is out of range 1s-36500d",
        ),
        ("rate(0 minutes)", 5, "interval (column 6): 0 is out of range 1s-36500d"),
    ]);
}

#[test]
fn values_that_are_none() {
    refused(&[
        ("a * * * *", 0, "minute (column 1): found 'a', expected 0-59"),
        ("*5 * * * *", 0, "minute (column 1): found '*5', expected 0-59"),
        ("-5 * * * *", 0, "minute (column 1): found '-5', expected 0-59"),
        ("+5 * * * *", 0, "minute (column 1): found '+5', expected 0-59"),
        ("5- * * * *", 0, "minute (column 1): found '5-', expected 0-59"),
        ("1,,2 * * * *", 2, "minute (column 3): found nothing, expected 0-59"),
        ("0 0 ? * *", 4, "day-of-month (column 5): found '?', expected 1-31"),
        ("0 0 L * *", 4, "day-of-month (column 5): found 'L', expected 1-31"),
        ("0 0 * JANUARY *", 6, "month (column 7): found 'JANUARY', expected 1-12 or JAN-DEC"),
        ("0 0 * * 1-FOO", 10, "day-of-week (column 11): found 'FOO', expected 0-7 or SUN-SAT"),
        ("ä 0 * * *", 0, "minute (column 1): found 'ä', expected 0-59"),
        ("0,ä,ö 0 * * *", 2, "minute (column 3): found 'ä', expected 0-59"),
    ]);
}

#[test]
fn positions_count_bytes_and_columns_count_characters() {
    // An Ä has two bytes.
    let error = Schedule::parse("0 Ä,25 25 * * *", None).unwrap_err();
    assert_eq!((error.position(), error.place().column), (2, 3));
    let error = Schedule::parse("0 0 1 * MON,Ä,9", None).unwrap_err();
    assert_eq!((error.position(), error.place().column), (12, 13));
    let error = Schedule::parse("  Ä\t25 * * *", None).unwrap_err();
    assert_eq!((error.position(), error.place().column), (2, 3));
}

#[test]
fn steps_and_ranges() {
    refused(&[
        (
            "5/15 * * * *",
            0,
            "minute (column 1): '5/15' has a step without a range; put the step after * or a range, such as */15 or 5-59/15",
        ),
        ("*/0 * * * *", 2, "minute (column 3): found '0' for a step, expected a number from 1"),
        ("*/ * * * *", 2, "minute (column 3): found nothing for a step, expected a number from 1"),
        ("0-9/x * * * *", 4, "minute (column 5): found 'x' for a step, expected a number from 1"),
        ("0-9/2/2 * * * *", 4, "minute (column 5): found '2/2' for a step, expected a number from 1"),
        (
            "0 0 * * FRI-MON",
            8,
            "day-of-week (column 9): 'FRI-MON' runs backwards; ranges do not wrap around, use two rising ranges with a comma between them",
        ),
        (
            "cron(0 22-4 ? * * *)",
            7,
            "hour (column 8): '22-4' runs backwards; ranges do not wrap around, use two rising ranges with a comma between them",
        ),
    ]);
}

#[test]
fn the_number_of_fields() {
    let unix = "5 (minute hour day-of-month month day-of-week) or 6 with seconds before them";
    let aws = "6 (minute hour day-of-month month day-of-week year)";
    refused(&[
        ("* * * *", 7, &format!("expression (column 8): 4 fields found, expected {unix}")),
        ("* * * * * * *", 12, &format!("expression (column 13): 7 fields found, expected {unix}")),
        ("hello", 5, &format!("expression (column 6): 1 fields found, expected {unix}")),
        ("cron(0 0 * * ?)", 14, &format!("expression (column 15): 5 fields found, expected {aws}")),
        ("cron(0 0 * * ? * *)", 17, &format!("expression (column 18): 7 fields found, expected {aws}")),
        ("cron(0 0 * * ? *", 16, "expression (column 17): found nothing, expected a closing )"),
    ]);
}

#[test]
fn aws_day_fields() {
    let rule = "is not allowed here; exactly one of day-of-month and day-of-week must be ?";
    let of_month = "expected 1-31, or one of ?, L, LW and 15W alone";
    let of_week = "expected 1-7 or SUN-SAT, or one of ?, L, 6L and 6#3 alone";
    refused(&[
        ("cron(0 0 * * * *)", 13, &format!("day-of-week (column 14): '*' {rule}")),
        ("cron(0 0 ? * ? *)", 13, &format!("day-of-week (column 14): '?' {rule}")),
        ("cron(0 0 L,15 * ? *)", 9, &format!("day-of-month (column 10): found 'L', {of_month}")),
        ("cron(0 0 1,LW * ? *)", 11, &format!("day-of-month (column 12): found 'LW', {of_month}")),
        ("cron(0 0 W * ? *)", 9, &format!("day-of-month (column 10): found 'W', {of_month}")),
        ("cron(0 0 L-3 * ? *)", 9, &format!("day-of-month (column 10): found 'L', {of_month}")),
        ("cron(0 0 ? * 15W *)", 13, &format!("day-of-week (column 14): found '15W', {of_week}")),
        ("cron(0 0 ? * 6L,2 *)", 13, &format!("day-of-week (column 14): found '6L', {of_week}")),
        ("cron(0 0 ? * 2#6 *)", 15, "day-of-week (column 16): found '6', expected 1-5"),
        ("cron(0 0 ? * 3#1,6#3 *)", 13, &format!("day-of-week (column 14): found '3#1', {of_week}")),
    ]);
}

#[test]
fn intervals() {
    let every = "expected a duration of s, m, h and d, such as 90s or 1h30m";
    let rate = "expected a number and minutes, hours or days, such as 5 minutes";
    let unit = "expected minutes, hours or days (after 1 also minute, hour or day)";
    refused(&[
        ("@every", 6, &format!("interval (column 7): found nothing, {every}")),
        ("@every 5", 7, &format!("interval (column 8): found '5', {every}")),
        ("@every 1h5w", 9, &format!("interval (column 10): found '5w', {every}")),
        ("@every -5s", 7, &format!("interval (column 8): found '-5s', {every}")),
        ("rate(5)", 5, &format!("interval (column 6): found '5', {rate}")),
        ("rate(x minutes)", 5, &format!("interval (column 6): found 'x', {rate}")),
        ("rate(5 minute)", 7, &format!("interval (column 8): found 'minute', {unit}")),
        ("rate(5 weeks)", 7, &format!("interval (column 8): found 'weeks', {unit}")),
    ]);
}

/// cron separates fields by blanks and tabs. Other white space, as a web page puts it between fields,
/// is part of a field.
#[test]
fn other_white_space_separates_no_fields() {
    let told = "is no blank, though it looks like one; separate fields by blanks or tabs";
    for (space, name) in [
        ("\u{a0}", "U+00A0"),
        ("\u{2003}", "U+2003"),
        ("\u{3000}", "U+3000"),
        ("\u{200b}", "U+200B"),
        ("\u{feff}", "U+FEFF"),
        ("\u{b}", "U+000B"),
        ("\n", "U+000A"),
    ] {
        refused(&[
            (&format!("*/5{space}* * * *"), 3, &format!("expression (column 4): {name} {told}")),
            (&format!("*/5{space}* * * * *"), 3, &format!("expression (column 4): {name} {told}")),
            (&format!("rate(5{space}minutes)"), 6, &format!("expression (column 7): {name} {told}")),
        ]);
    }
    refused(&[("\u{a0}0 0 * * *", 0, &format!("expression (column 1): U+00A0 {told}"))]);
    assert!(Schedule::parse(" 0\t0 * * *\n", None).is_ok());
}

#[test]
fn everything_else() {
    let at = "expected a local time such as 2026-12-24T18:00:00";
    let run_at = "expected an RFC 3339 instant such as 2026-12-24T18:00:00Z";
    let shorthand = "expected @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly or @every";
    let any = "expected a cron expression, @daily, @every 90s, cron(…), rate(…), at(…) or an instant";
    refused(&[
        ("", 0, &format!("expression (column 1): found nothing, {any}")),
        ("@reboot", 0, &format!("expression (column 1): found '@reboot', {shorthand}")),
        ("at(2026-13-01T00:00:00)", 3, &format!("at (column 4): found '2026-13-01T00:00:00', {at}")),
        ("at(2026-1-1T00:00:00)", 3, &format!("at (column 4): found '2026-1-1T00:00:00', {at}")),
        ("at(2026-12-24T18:00:00Z)", 3, &format!("at (column 4): found '2026-12-24T18:00:00Z', {at}")),
        ("2026-12-24T18:00:00", 0, &format!("run_at (column 1): found '2026-12-24T18:00:00', {run_at}")),
    ]);
}

#[test]
fn an_unknown_zone() {
    let error = Schedule::parse("* * * * *", Some("Mars/Base")).unwrap_err();
    assert!(matches!(error, ScheduleError::UnknownTimezone { .. }));
    assert_eq!((error.field(), error.position()), ("timezone", 0));
    assert_eq!(
        error.to_string(),
        "timezone (column 1): 'Mars/Base' is not an IANA time zone; use a name such as UTC or Europe/Berlin"
    );
}
