//! Costs of other ways to start the same no-op, at list prices and without free tiers.

use super::account::{Prices, Usage};

pub const DAYS: f64 = 30.0;
const HOURS: f64 = DAYS * 24.0;

/// Usage of the user's own function, which Scheduler and Step Functions call: 128 MB for 10 ms.
const OWN_FUNCTION: Usage = Usage {
    write_units: 0.0,
    read_units: 0.0,
    sqs_requests: 0.0,
    api_requests: 0.0,
    invocations: 1.0,
    gb_seconds: 0.128 * 0.010,
};

/// Tasks that one small worker of MWAA runs in a day. It runs five at once, and Airflow's tasks take
/// two seconds even where they do nothing.
const TASKS_OF_A_WORKER: f64 = 5.0 * 86_400.0 / 2.0;
/// Most workers that an environment can have.
const MOST_WORKERS: f64 = 25.0;

/// Dollars for one execution by Scheduler and Lambda.
pub fn scheduler_to_lambda(prices: &Prices) -> anyhow::Result<f64> {
    Ok(prices.usd("scheduler_million_invocations")? / 1e6 + prices.of(&OWN_FUNCTION)?)
}

/// Dollars for one execution by Scheduler and a state machine of a single state. One transition is
/// counted, to be generous.
pub fn step_functions(prices: &Prices) -> anyhow::Result<f64> {
    Ok(prices.usd("step_functions_million_transitions")? / 1e6 + scheduler_to_lambda(prices)?)
}

/// Dollars for a month of MWAA; `None` where one environment can't do as many executions.
pub fn mwaa_month(prices: &Prices, a_day: f64) -> anyhow::Result<Option<f64>> {
    let workers = (a_day / TASKS_OF_A_WORKER).ceil().max(1.0);
    // The first is part of the environment.
    let hour = prices.usd("mwaa_small_hour")? + (workers - 1.0) * prices.usd("mwaa_small_worker_hour")?;
    Ok((workers <= MOST_WORKERS).then_some(hour * HOURS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_cost_what_their_price_lists_say() {
        let prices = Prices::load().unwrap();
        let a_million = |dollars: f64| (dollars * 1e8).round() / 1e2;
        assert!((a_million(scheduler_to_lambda(&prices).unwrap()) - 1.22).abs() < 0.01);
        assert!((a_million(step_functions(&prices).unwrap()) - 26.22).abs() < 0.01);
        let mwaa = |a_day| mwaa_month(&prices, a_day).unwrap();
        assert!((mwaa(1.0).unwrap() - 352.8).abs() < 0.01);
        assert!(mwaa(1e6).unwrap() > mwaa(1e5).unwrap());
        assert_eq!(mwaa(1e7), None);
    }
}
