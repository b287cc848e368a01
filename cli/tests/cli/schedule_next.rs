use crate::support::belfry;

fn next(args: &[&str]) -> crate::support::Run {
    belfry(&[&["schedule", "next"], args].concat())
}

#[test]
fn json_has_utc_and_local_times() {
    let args =
        ["30 2 * * *", "--tz", "Europe/Berlin", "--after", "2027-03-26T12:00:00Z", "--count", "3", "--json"];
    let expected = serde_json::json!({
        "expression": "30 2 * * *",
        "timezone": "Europe/Berlin",
        "slots": [
            { "utc": "2027-03-27T01:30:00Z", "local": "2027-03-27T02:30:00+01:00" },
            { "utc": "2027-03-28T01:00:00Z", "local": "2027-03-28T03:00:00+02:00" },
            { "utc": "2027-03-29T00:30:00Z", "local": "2027-03-29T02:30:00+02:00" },
        ],
    });
    assert_eq!(next(&args).ok().json(), expected);
}

#[test]
fn people_see_local_time_utc_and_how_long_it_takes() {
    let out =
        next(&["0 18 * * FRI", "--tz", "Asia/Tokyo", "--after", "2027-01-01T00:00:00Z", "--count", "1"])
            .ok()
            .out();
    let [header, slot] = out.lines().collect::<Vec<_>>()[..] else { panic!("{out}") };
    assert!(header.contains("Asia/Tokyo") && header.contains("UTC"), "{out}");
    assert!(slot.contains("Fri 2027-01-01 18:00:00 JST") && slot.contains("2027-01-01T09:00:00Z"), "{out}");
}

#[test]
fn every_form_of_expression() {
    for expression in [
        "*/15 * * * *",
        "-5 * * * *",
        "*/5 * * * * *",
        "@daily",
        "@every 90s",
        "rate(5 minutes)",
        "cron(0 18 L * ? *)",
    ] {
        let run = next(&[expression, "--json", "--count", "2"]);
        // A leading minus is cron's own matter, not an option of ours.
        let wanted = if expression.starts_with('-') { 2 } else { 0 };
        assert_eq!(run.code(), wanted, "{expression}: {}", run.err());
    }
}

#[test]
fn errors_point_at_the_place() {
    let run = next(&["0 25 * * *"]);
    assert_eq!(run.code(), 2);
    assert_eq!(run.err(), "error: hour (column 3): 25 is out of range 0-23\n  0 25 * * *\n    ^\n");
    let run = next(&["0 0 * * *", "--tz", "Mars"]);
    assert!(run.code() == 2 && run.err().contains("not an IANA time zone"), "{}", run.err());
}

#[test]
fn what_never_runs_is_said_so() {
    assert_eq!(next(&["0 0 31 2 *"]).ok().out(), "no slot: the schedule would never run\n");
    assert_eq!(next(&["0 0 31 2 *", "--json"]).ok().json()["slots"], serde_json::json!([]));
}
