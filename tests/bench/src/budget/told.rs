//! Reads how long each test program took from the output of cargo and of the programs.

use anyhow::{Context as _, bail};

/// Minutes of each suite, by the name of its program, of the build of all (`build`), and of `clippy`.
pub fn minutes(told: &str) -> anyhow::Result<Vec<(String, f64)>> {
    let mut minutes = Vec::new();
    // The program that runs, and where its minutes are: a test may run its own program again, whose result comes first.
    let mut running: Option<(String, Option<usize>)> = None;
    for line in told.lines().map(str::trim) {
        if line.starts_with("Running ") && line.ends_with(')') {
            running = Some((program(line)?, None));
        } else if let Some((_, took)) =
            line.split_once("; finished in ").filter(|_| line.starts_with("test result: "))
        {
            let (name, place) = running.as_mut().with_context(|| format!("no program before: {line}"))?;
            minutes.truncate(place.unwrap_or(minutes.len()));
            *place = Some(minutes.len());
            minutes.push((name.clone(), seconds(took)? / 60.0));
        } else if let Some((profile, took)) =
            line.strip_prefix("Finished `").and_then(|it| it.split_once(" target(s) in "))
        {
            let name = if profile.starts_with("test`") { "build" } else { "clippy" };
            minutes.push((name.to_owned(), seconds(took)? / 60.0));
        }
    }
    Ok(minutes)
}

/// Name of the program in `Running unittests src/lib.rs (target/debug/deps/belfry_domain-0123456789abcdef)`.
fn program(line: &str) -> anyhow::Result<String> {
    let path = line.trim_end_matches(')').rsplit(['(', '/', '\\']).next().unwrap_or_default();
    let (name, _) = path.rsplit_once('-').with_context(|| format!("no program in: {line}"))?;
    Ok(name.to_owned())
}

/// Seconds of `1h 02m 03s`, `4m 05s` or `6.78s`.
fn seconds(took: &str) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for part in took.split_whitespace() {
        let (number, unit) = part.split_at(part.len() - 1);
        let number: f64 = number.parse().with_context(|| format!("no time: {took}"))?;
        sum += match unit {
            "h" => 3600.0 * number,
            "m" => 60.0 * number,
            "s" => number,
            _ => bail!("no time: {took}"),
        };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "
    Finished `dev` profile [unoptimized + debuginfo] target(s) in 1m 30s
   Compiling belfry v0.1.0 (/somewhere/cli)
    Finished `test` profile [unoptimized + debuginfo] target(s) in 6.00s
     Running unittests src/lib.rs (target/debug/deps/belfry_domain-0123456789abcdef)

running 1 test
test a ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 3.00s

     Running tests/cli/main.rs (target/debug/deps/cli-0123456789abcdef)

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 1.00s

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 120.00s
";

    #[test]
    fn each_program_has_its_minutes() {
        let expected = [("clippy", 1.5), ("build", 0.1), ("belfry_domain", 0.05), ("cli", 2.0)];
        let expected = expected.map(|(name, minutes)| (name.to_owned(), minutes));
        assert_eq!(minutes(TOLD).unwrap(), expected);
    }

    #[test]
    fn hours_are_read_too() {
        assert!((seconds("1h 02m 03s").unwrap() - 3723.0).abs() < f64::EPSILON);
        assert!(seconds("soon").is_err());
    }
}
