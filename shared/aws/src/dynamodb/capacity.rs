//! Capacity that DynamoDB bills, counted from its own answers.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Tables of one installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Jobs,
    Executions,
    Timers,
    DeadLetters,
    State,
}

impl Table {
    pub const ALL: [Self; 5] = [Self::Jobs, Self::Executions, Self::Timers, Self::DeadLetters, Self::State];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Executions => "executions",
            Self::Timers => "timers",
            Self::DeadLetters => "dead-letters",
            Self::State => "state",
        }
    }
}

/// Capacity units since the store was opened, by table. Indexes count with their table.
#[derive(Debug, Default)]
pub struct Capacity {
    tables: [Counters; Table::ALL.len()],
}

#[derive(Debug, Default)]
struct Counters {
    write_halves: AtomicU64,
    read_halves: AtomicU64,
    refused: AtomicU64,
}

/// Capacity that one table has used.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Used {
    pub write_units: f64,
    pub read_units: f64,
    /// Number of writes whose condition failed. They are billed too, but the answer does not say how
    /// much.
    pub refused: u64,
}

#[derive(Clone, Copy)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Capacity {
    pub fn of(&self, table: Table) -> Used {
        let counters = &self.tables[table as usize];
        let units = |halves: &AtomicU64| halves.load(Ordering::Relaxed) as f64 / 2.0;
        Used {
            write_units: units(&counters.write_halves),
            read_units: units(&counters.read_halves),
            refused: counters.refused.load(Ordering::Relaxed),
        }
    }

    pub fn total(&self) -> Used {
        Table::ALL.into_iter().map(|table| self.of(table)).fold(Used::default(), |sum, used| Used {
            write_units: sum.write_units + used.write_units,
            read_units: sum.read_units + used.read_units,
            refused: sum.refused + used.refused,
        })
    }

    pub(crate) fn add(&self, table: Table, access: Access, consumed: Option<&ConsumedCapacity>) {
        let units = consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or(0.0);
        let counters = &self.tables[table as usize];
        let counter = match access {
            Access::Read => &counters.read_halves,
            Access::Write => &counters.write_halves,
        };
        counter.fetch_add((units * 2.0).round() as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_refused(&self, table: Table) {
        self.tables[table as usize].refused.fetch_add(1, Ordering::Relaxed);
    }
}
