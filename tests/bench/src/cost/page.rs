//! Tables of `docs/costs.md`, from the last measurement. A test compares the page with them.

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::{Context as _, bail};

use super::{
    account::{Prices, Usage},
    paths::Paths,
    rivals::{DAYS, mwaa_month, scheduler_to_lambda, step_functions},
};

const BEGIN: &str = "<!-- belfry-bench cost --update writes what is below -->\n";
const END: &str = "<!-- and above -->\n";
/// Number of lanes that `infra/` installs by default.
const LANES: f64 = 4.0;
const QUEUES_OF_FUNCTIONS: f64 = 5.0;
/// Lambda's pollers of an idle queue, and the polls of each in a minute.
const POLLERS: f64 = 5.0;
const POLLS_A_MINUTE: f64 = 3.0;
const MINUTES_A_MONTH: f64 = DAYS * 24.0 * 60.0;

fn in_sources(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn measured() -> PathBuf {
    in_sources("prices/measured.json")
}

fn page() -> PathBuf {
    in_sources("../../docs/costs.md")
}

/// Keeps the measurement, and puts it into the page.
pub fn update(paths: &Paths) -> anyhow::Result<()> {
    fs::write(measured(), serde_json::to_string_pretty(&rounded(paths))? + "\n")?;
    let text = fs::read_to_string(page())?;
    fs::write(page(), replaced(&text, &tables(&kept()?)?)?)?;
    Ok(())
}

pub fn kept() -> anyhow::Result<Paths> {
    Ok(serde_json::from_str(&fs::read_to_string(measured())?)?)
}

/// Rounds to the digits that a page shows. More digits would only differ from run to run.
fn rounded(paths: &Paths) -> Paths {
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    let usage = |usage: Usage| Usage {
        write_units: round(usage.write_units),
        read_units: round(usage.read_units),
        sqs_requests: round(usage.sqs_requests),
        api_requests: round(usage.api_requests),
        invocations: round(usage.invocations),
        gb_seconds: (usage.gb_seconds * 1e6).round() / 1e6,
    };
    Paths {
        scheduled: usage(paths.scheduled),
        push: usage(paths.push),
        retry: usage(paths.retry),
        dependent: usage(paths.dependent),
        long: usage(paths.long),
        max_concurrency: usage(paths.max_concurrency),
        max_concurrency_per_key: usage(paths.max_concurrency_per_key),
        rate_limit: usage(paths.rate_limit),
        circuit: usage(paths.circuit),
        idle_tick: usage(paths.idle_tick),
    }
}

fn replaced(text: &str, tables: &str) -> anyhow::Result<String> {
    let (before, rest) = text.split_once(BEGIN).context("docs/costs.md has no place for the tables")?;
    let Some((_, after)) = rest.split_once(END) else { bail!("docs/costs.md has no end of the tables") };
    Ok(format!("{before}{BEGIN}{tables}{END}{after}"))
}

/// All tables, as Markdown.
pub fn tables(paths: &Paths) -> anyhow::Result<String> {
    let prices = Prices::load()?;
    let tables = [by_path(paths, &prices)?, by_day(paths, &prices)?, idle(paths, &prices)?];
    Ok(format!("\nPrices of {} on {}.\n\n{}\n", prices.region, prices.date, tables.join("\n")))
}

fn by_path(paths: &Paths, prices: &Prices) -> anyhow::Result<String> {
    let mut text = "| one execution | WRU | RRU | SQS requests | HTTP API requests | invocations | GB-seconds | $ a million |\n\
                    |---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let rows = [
        ("scheduled no-op, in bulk", paths.scheduled),
        ("single push, at once", paths.push),
        ("push with one retry", paths.retry),
        ("a dependent, on top of what it follows", paths.dependent),
        ("push of 50 s, three heartbeats", paths.long),
        ("`max_concurrency`, on top of the same without", paths.max_concurrency),
        ("`max_concurrency` and `max_concurrency_per_key`, on top", paths.max_concurrency_per_key),
        ("`rate_limit`, on top", paths.rate_limit),
        ("`circuit`, on top", paths.circuit),
    ];
    for (name, usage) in rows {
        writeln!(
            text,
            "| {name} | {:.2} | {:.2} | {:.2} | {:.0} | {:.2} | {:.4} | {:.2} |",
            usage.write_units,
            usage.read_units,
            // What is on top is a difference, and batches differ from run to run.
            usage.sqs_requests.max(0.0),
            usage.api_requests,
            usage.invocations,
            usage.gb_seconds,
            prices.of(&usage)? * 1e6
        )?;
    }
    Ok(text)
}

fn by_day(paths: &Paths, prices: &Prices) -> anyhow::Result<String> {
    let mut text = format!(
        "| executions a day, $ for {DAYS} days | Belfry, scheduled | Belfry, pushed | Scheduler → Lambda | Scheduler → Step Functions Standard → Lambda | MWAA |\n\
         |---|---|---|---|---|---|\n"
    );
    let ways = [
        prices.of(&paths.scheduled)?,
        prices.of(&paths.push)?,
        scheduler_to_lambda(prices)?,
        step_functions(prices)?,
    ];
    for a_day in [1e6, 1e7, 1e8] {
        write!(text, "| {:.0} million |", a_day / 1e6)?;
        for dollars in ways {
            write!(text, " {:.0} |", dollars * a_day * DAYS)?;
        }
        match mwaa_month(prices, a_day)? {
            Some(dollars) => writeln!(text, " {dollars:.0} |")?,
            None => writeln!(text, " more than one environment can do |")?,
        }
    }
    Ok(text)
}

/// Table of the costs of a month in which nothing is due.
fn idle(paths: &Paths, prices: &Prices) -> anyhow::Result<String> {
    let ticks = Usage { invocations: LANES + 1.0, ..paths.idle_tick };
    let polls = QUEUES_OF_FUNCTIONS * POLLERS * POLLS_A_MINUTE * MINUTES_A_MONTH;
    let polls = Usage { sqs_requests: polls, ..Usage::default() };
    let rows = [
        ("ticks of all shards, each minute", prices.of(&ticks)? * MINUTES_A_MONTH),
        (
            "EventBridge Scheduler calling them",
            LANES * MINUTES_A_MONTH / 1e6 * prices.usd("scheduler_million_invocations")?,
        ),
        ("Lambda asking the queues", prices.of(&polls)?),
    ];
    let mut text = format!("| idle, {LANES} lanes | $ for {DAYS} days |\n|---|---|\n");
    for (name, dollars) in rows {
        writeln!(text, "| {name} | {dollars:.2} |")?;
    }
    writeln!(text, "| sum | {:.2} |", rows.iter().map(|(_, dollars)| dollars).sum::<f64>())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_was_measured_at_the_prices_of_the_file() {
        let text = fs::read_to_string(page()).unwrap();
        let expected = replaced(&text, &tables(&kept().unwrap()).unwrap()).unwrap();
        assert!(text == expected, "docs/costs.md differs: belfry-bench cost --update mends it\n{expected}");
    }
}
