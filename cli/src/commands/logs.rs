use std::{io, time::Duration};

use clap::Args;
use tokio::time::sleep;

use super::{DONE, Global, Outcome, execution_view, full_log, wait};
use crate::{
    client::wire::{Attempt, Execution, Output},
    show,
};

const PAUSE: Duration = Duration::from_millis(250);

/// Show the output of the attempts of an execution: printed text or answers
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry logs daily_report@2026-11-23T00:00:00Z
  belfry logs -f flaky@01KB…      follows the output; exit code 1 unless it succeeds

  belfry logs --full daily_report@2026-11-23T00:00:00Z > report.log

Output of a running command appears with the next heartbeat: within 5 seconds on one machine,
within 30 seconds on AWS. Belfry keeps the end of the output and, for commands, up to 10 MiB of
full output.")]
pub struct LogsArgs {
    /// Execution whose output is shown
    execution_id: String,
    /// Show new output until the execution ends
    #[arg(short, long)]
    follow: bool,
    /// Print only the full output of one attempt [default: the last attempt with output]
    #[arg(long, conflicts_with = "follow")]
    full: bool,
    /// Number of the attempt whose output --full prints
    #[arg(long, value_name = "N", requires = "full")]
    attempt: Option<u32>,
}

pub async fn run(args: LogsArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    if args.full {
        let (_, row) = wait::execution(&client, &args.execution_id).await?;
        return full_log::print(&client, &row, args.attempt).await;
    }
    let mut shown = Shown::default();
    loop {
        let (value, row) = wait::execution(&client, &args.execution_id).await?;
        let is_last = row.has_ended() || !args.follow;
        if global.json && is_last {
            show::json(&value["attempts"])?;
        } else if !global.json {
            shown.update(&row, args.follow)?;
        }
        if is_last {
            return if args.follow { Ok(wait::exit_code(&row)) } else { DONE };
        }
        sleep(PAUSE).await;
    }
}

/// Part of the output that has been printed already.
#[derive(Default)]
struct Shown {
    /// Last attempt that was shown up to its end.
    attempt: u32,
    live: Option<Live>,
    status: String,
}

/// Attempt that is followed while it runs.
struct Live {
    number: u32,
    /// Position in the attempt's output up to which it has been printed, in bytes.
    bytes: u64,
}

impl Shown {
    fn update(&mut self, row: &Execution, follow: bool) -> io::Result<()> {
        let shown = self.attempt;
        for attempt in row.attempts.iter().filter(|attempt| attempt.number > shown) {
            let is_over = attempt.outcome.is_some() || !follow;
            if is_over && self.live.as_ref().is_none_or(|live| live.number != attempt.number) {
                show::line(execution_view::attempt(attempt))?;
            } else {
                self.go_on(attempt)?;
            }
            if is_over {
                self.attempt = attempt.number;
                self.live = None;
            }
        }
        if row.status != self.status {
            self.status.clone_from(&row.status);
            let reason = row.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            show::line(format!("[{}{reason}]", row.status))?;
        }
        Ok(())
    }

    /// Prints the new part of an attempt's output and, once the attempt has ended, its outcome.
    fn go_on(&mut self, attempt: &Attempt) -> io::Result<()> {
        let is_over = attempt.outcome.is_some();
        if self.live.is_none() {
            show::line(execution_view::outcome(attempt))?;
        }
        let live = self.live.get_or_insert(Live { number: attempt.number, bytes: 0 });
        if let Some(output) = &attempt.output {
            let new = New::of(output, live.bytes, is_over);
            if new.is_gap {
                show::line("  …")?;
            }
            for line in new.text.lines() {
                show::line(format!("  │ {line}"))?;
            }
            live.bytes = new.until;
        }
        if is_over { show::line(execution_view::outcome(attempt)) } else { Ok(()) }
    }
}

/// Part of an output that has not been shown yet.
#[derive(Debug, PartialEq)]
struct New<'a> {
    text: &'a str,
    /// Whether belfry did not keep the output right before this part.
    is_gap: bool,
    /// Position in the output, in bytes, up to which it has been shown with this part.
    until: u64,
}

impl<'a> New<'a> {
    /// Next part of an output. It consists of whole lines, unless the output has ended.
    fn of(output: &'a Output, shown: u64, is_over: bool) -> Self {
        let tail = output.tail.as_str();
        let fresh = output.bytes.saturating_sub(shown);
        let begin = tail.len().saturating_sub(usize::try_from(fresh).unwrap_or(usize::MAX));
        let begin = (begin..=tail.len()).find(|at| tail.is_char_boundary(*at)).unwrap_or(tail.len());
        let end = if is_over { tail.len() } else { tail.rfind('\n').map_or(begin, |at| at + 1).max(begin) };
        let rest = (tail.len() - end) as u64;
        Self { text: &tail[begin..end], is_gap: fresh > tail.len() as u64, until: output.bytes - rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(tail: &str, bytes: u64, shown: u64, is_over: bool) -> (String, bool, u64) {
        let output = Output { tail: tail.to_owned(), bytes, log: None };
        let New { text, is_gap, until } = New::of(&output, shown, is_over);
        (text.to_owned(), is_gap, until)
    }

    #[test]
    fn whole_lines_are_shown_as_they_come() {
        assert_eq!(new("one\ntw", 6, 0, false), ("one\n".to_owned(), false, 4));
        assert_eq!(new("one\ntwo\n", 8, 4, false), ("two\n".to_owned(), false, 8));
        assert_eq!(new("one\ntwo\n", 8, 8, false), (String::new(), false, 8));
        assert_eq!(new("one\ntwo\nend", 11, 8, true), ("end".to_owned(), false, 11));
    }

    #[test]
    fn what_was_not_kept_leaves_a_gap() {
        assert_eq!(new("yz\n", 103, 4, false), ("yz\n".to_owned(), true, 103));
        assert_eq!(new("é\n", 3, 1, false), ("\n".to_owned(), false, 3), "never within a character");
    }
}
