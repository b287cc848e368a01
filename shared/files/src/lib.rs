//! Files that Belfry keeps outside of its store: executions that have ended, as compressed
//! JSON lines that DuckDB, Athena and `zcat` read; and all that an attempt printed, where its tail
//! in the store is not all. In a folder or, with the feature `s3`, in a bucket.
//!
//! | concern | module |
//! |---|---|
//! | an execution as a line | `record` |
//! | lines as files, a day in each folder | `day_file` |
//! | files that survive a crash | `folder` |
//! | full logs in a folder | `log_folder` |
//! | folders and files for their owner alone | `private` |
//! | both in a bucket | `s3` |

mod day_file;
mod folder;
mod log_folder;
mod private;
mod record;
#[cfg(feature = "s3")]
mod s3;

#[cfg(feature = "s3")]
pub use self::s3::{Bucket, BucketArchive, BucketLogs};
pub use self::{
    day_file::{DayFile, day_files},
    folder::{FolderArchive, is_archive, make_archive_folder},
    log_folder::{FolderLogs, is_logs},
    private::private_folder,
    record::Record,
};

/// Prefix of files that are still being written. A process that dies leaves them behind; the patterns
/// of readers do not match them.
const UNFINISHED: &str = ".unfinished-";
