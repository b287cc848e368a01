//! Tables without frames, which survive copying and narrow terminals.

use comfy_table::{Attribute, Cell, Color, Table, presets};

pub fn new<const N: usize>(headers: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headers.map(|header| Cell::new(header).add_attribute(Attribute::Bold)));
    table
}

/// Status in its colour, where the terminal has colours.
pub fn status(status: &str) -> Cell {
    let color = match status {
        "success" | "succeeded" | "ok" | "active" => Color::Green,
        "failed" | "timed_out" | "upstream_failed" | "lost" | "fail" => Color::Red,
        "running" | "queued" | "waiting" => Color::Cyan,
        "cancelled" | "skipped" | "paused" | "draining" | "warn" => Color::Yellow,
        _ => return Cell::new(status),
    };
    Cell::new(status).fg(color)
}

/// Text of a table without trailing blanks, which would only make copied text longer.
pub fn text(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
