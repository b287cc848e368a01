//! What Belfry keeps in files, outside of its store: executions that have ended, as compressed
//! JSON lines that DuckDB, Athena and `zcat` read.
//!
//! | concern | module |
//! |---|---|
//! | an execution as a line | `record` |
//! | lines as files, a day in each folder | `day_file` |
//! | files that survive a crash | `folder` |

mod day_file;
mod folder;
mod record;

pub use self::{
    day_file::{DayFile, day_files},
    folder::FolderArchive,
    record::Record,
};
