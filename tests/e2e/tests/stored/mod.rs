//! Data that version 8c9e479 stored, opened by the present code. It stands for every change of what is stored.
//!
//! `sqlite.sql` is the database of a `belfry up` that was killed in the middle; `dynamodb.jsonl` is all items of an
//! installation on AWS whose functions were. Both hold the same jobs and work (`scenario.py`): running, waiting for
//! dependencies, for a turn, a retry, an instant or elements, in a queue that nobody serves, ended in every way, dead
//! letters, a backfill in the middle, alerts, limits, a token. `README.md` says how they were written.
//!
//! The rules, which are never weakened:
//!
//! 1. Everything that is stored is read: no row goes to quarantine, and every listing and every single row is
//!    answered, over HTTP and on the command line.
//! 2. Everything that had not ended ends as it would have, once: see the tables of expectations. An attempt that ran
//!    when its process died is lost, and the next one runs.
//! 3. What had ended stays as it was. Dead letters, alerts, paused jobs, circuits and tokens mean what they meant.

mod dynamodb;
mod expected;
mod moved;
mod node;
mod side_by_side;
mod sqlite;
mod target;
mod versions;

use libtest_mimic::Trial;

pub fn cases() -> Vec<Trial> {
    cases![
        dynamodb::what_an_older_version_left_on_dynamodb_is_read_and_ends,
        moved::instants_move_by_whole_days_and_nothing_else_does as blocking,
        side_by_side::an_old_and_a_new_version_work_side_by_side,
        sqlite::what_an_older_version_left_in_a_database_is_read_and_ends,
    ]
}
