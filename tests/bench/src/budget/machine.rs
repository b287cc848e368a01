//! Whether the machine was calm: a time says something only where nobody else used the processors.

use std::{fs, os::unix::process::parent_id};

use anyhow::Context as _;

/// Share of the processors' time that others may have used.
const CALM: f64 = 0.05;

/// Processors' time since the machine's start, in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ticks {
    all: f64,
    idle: f64,
}

/// Reads a line such as `cpu  user nice system idle iowait irq softirq steal guest guest_nice`. Time that the host
/// gave to other machines (steal) is not idle.
fn ticks(line: &str) -> anyhow::Result<Ticks> {
    let numbers = line.strip_prefix("cpu ").context("no line of /proc/stat")?.split_whitespace().take(8);
    let numbers: Vec<f64> = numbers.map(str::parse).collect::<Result<_, _>>()?;
    let idle = numbers.get(3..5).context("a short line of /proc/stat")?.iter().sum();
    Ok(Ticks { all: numbers.iter().sum(), idle })
}

/// Ticks that the ended children of a process have used, of `/proc/PID/stat`.
fn of_children(stat: &str) -> anyhow::Result<f64> {
    let (_, fields) = stat.rsplit_once(')').context("no /proc/PID/stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field =
        |index: usize| anyhow::Ok(fields.get(index).context("a short /proc/PID/stat")?.parse::<f64>()?);
    Ok(field(13)? + field(14)?)
}

/// Share of the processors' time that was neither idle nor used by the children of this program's parent since
/// `before`, the first line of `/proc/stat` when the parent began. 1 where no time has passed.
pub fn used_by_others(before: &str) -> anyhow::Result<f64> {
    let now = fs::read_to_string("/proc/stat")?;
    let own = of_children(&fs::read_to_string(format!("/proc/{}/stat", parent_id()))?)?;
    Ok(share(ticks(before)?, ticks(now.lines().next().unwrap_or_default())?, own))
}

fn share(before: Ticks, now: Ticks, own: f64) -> f64 {
    let all = now.all - before.all;
    if all <= 0.0 {
        return 1.0;
    }
    ((all - (now.idle - before.idle) - own) / all).max(0.0)
}

pub fn is_calm(used_by_others: f64) -> bool {
    used_by_others <= CALM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neither_rests_nor_is_ours_is_of_others() {
        let before = ticks("cpu  100 0 100 1000 0 0 0 0 0 0").unwrap();
        assert_eq!(before, Ticks { all: 1200.0, idle: 1000.0 });
        let now = ticks("cpu  600 10 180 1190 10 0 0 210 0 0").unwrap();
        // 1,000 ticks, of which 200 idle, 300 ours.
        assert!((share(before, now, 300.0) - 0.5).abs() < 1e-9);
        assert!((share(before, now, 790.0) - 0.01).abs() < 1e-9);
        assert!((share(now, now, 0.0) - 1.0).abs() < 1e-9, "nothing is known");
        assert!(is_calm(0.01) && !is_calm(0.5));
    }

    #[test]
    fn the_children_of_a_process_are_counted() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 11 12 130 14 20 0 1 0 5";
        assert!((of_children(stat).unwrap() - 144.0).abs() < f64::EPSILON);
    }
}
