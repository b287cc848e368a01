//! Accounts: from counts to dollars.

use std::{
    collections::BTreeMap,
    ops::{Add, Sub},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

const PRICES: &str = include_str!("../../prices/us-east-1-2026-11.json");
const MILLION: f64 = 1e6;

/// Quantities that AWS bills for, in the units that it bills.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    pub write_units: f64,
    pub read_units: f64,
    pub sqs_requests: f64,
    pub api_requests: f64,
    pub invocations: f64,
    pub gb_seconds: f64,
}

impl Usage {
    fn each(self, other: Self, operate: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            write_units: operate(self.write_units, other.write_units),
            read_units: operate(self.read_units, other.read_units),
            sqs_requests: operate(self.sqs_requests, other.sqs_requests),
            api_requests: operate(self.api_requests, other.api_requests),
            invocations: operate(self.invocations, other.invocations),
            gb_seconds: operate(self.gb_seconds, other.gb_seconds),
        }
    }

    /// Share of each of `count` executions.
    pub fn per(self, count: usize) -> Self {
        self.each(self, |value, _| value / count as f64)
    }
}

impl Add for Usage {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.each(other, |one, other| one + other)
    }
}

impl Sub for Usage {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.each(other, |one, other| one - other)
    }
}

/// List prices of one region on one day, by name.
#[derive(Debug, Clone, Deserialize)]
pub struct Prices {
    pub region: String,
    pub date: String,
    #[serde(rename = "prices")]
    by_name: BTreeMap<String, Price>,
}

#[derive(Debug, Clone, Deserialize)]
struct Price {
    usd: f64,
}

impl Prices {
    pub fn load() -> anyhow::Result<Self> {
        serde_json::from_str(PRICES).context("the file of prices")
    }

    pub fn usd(&self, name: &str) -> anyhow::Result<f64> {
        Ok(self.by_name.get(name).with_context(|| format!("no price of {name}"))?.usd)
    }

    pub fn of(&self, usage: &Usage) -> anyhow::Result<f64> {
        let of_a_million = |count: f64, name: &str| anyhow::Ok(count / MILLION * self.usd(name)?);
        Ok(of_a_million(usage.write_units, "dynamodb_million_write_units")?
            + of_a_million(usage.read_units, "dynamodb_million_read_units")?
            + of_a_million(usage.sqs_requests, "sqs_million_requests")?
            + of_a_million(usage.api_requests, "http_api_million_requests")?
            + of_a_million(usage.invocations, "lambda_million_requests")?
            + usage.gb_seconds * self.usd("lambda_arm64_gb_second")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_of_each_costs_its_price() {
        let prices = Prices::load().unwrap();
        let one = Usage {
            write_units: 1.0,
            read_units: 1.0,
            sqs_requests: 1.0,
            api_requests: 1.0,
            invocations: 1.0,
            gb_seconds: 1.0,
        };
        let expected = 0.625 + 0.125 + 0.40 + 1.00 + 0.20 + 13.3334;
        assert!((prices.of(&one).unwrap() * MILLION - expected).abs() < 1e-9);
        assert!((prices.of(&(one + one)).unwrap() * MILLION - 2.0 * expected).abs() < 1e-9);
        assert!(prices.of(&(one - one)).unwrap().abs() < 1e-12);
        assert!(prices.usd("unobtainium").is_err());
    }
}
