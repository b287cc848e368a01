//! A measured figure and its budget.

use comfy_table::{Table, presets};
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// `None` where the figure is for information only.
    pub budget: Option<Budget>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, budget: None }
    }

    pub fn at_least(self, budget: f64) -> Self {
        Self { budget: Some(Budget::AtLeast(budget)), ..self }
    }

    pub fn at_most(self, budget: f64) -> Self {
        Self { budget: Some(Budget::AtMost(budget)), ..self }
    }

    pub fn is_met(&self) -> bool {
        match self.budget {
            None => true,
            Some(Budget::AtLeast(budget)) => self.value >= budget,
            Some(Budget::AtMost(budget)) => self.value <= budget,
        }
    }
}

/// Value below which this share of the samples lies. The samples must be sorted.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

pub fn print(figures: &[Figure], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(figures)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["figure", "measured", "budget", ""]);
    for figure in figures {
        let budget = match figure.budget {
            None => String::new(),
            Some(Budget::AtLeast(budget)) => format!("≥ {budget} {}", figure.unit),
            Some(Budget::AtMost(budget)) => format!("≤ {budget} {}", figure.unit),
        };
        let verdict = match (figure.budget, figure.is_met()) {
            (None, _) => "",
            (_, true) => "met",
            (_, false) => "MISSED",
        };
        table.add_row([
            figure.name.clone(),
            format!("{:.2} {}", figure.value, figure.unit),
            budget,
            verdict.to_owned(),
        ]);
    }
    println!("{table}");
    Ok(())
}
