//! A folder keeps full logs as it should.

use belfry_conformance::{Verdict, logs};
use belfry_files::FolderLogs;
use tempfile::TempDir;

#[tokio::test]
async fn logs_are_kept_in_a_folder() -> Verdict {
    let folder = TempDir::new().expect("a folder");
    let keeper = FolderLogs::open(folder.path()).expect("it can be written to");
    logs::logs_are_kept(&keeper, async |url: String| panic!("{url} is elsewhere")).await
}

#[tokio::test]
async fn logs_go_from_a_folder_with_their_executions() -> Verdict {
    let folder = TempDir::new().expect("a folder");
    let keeper = FolderLogs::open(folder.path()).expect("it can be written to");
    logs::logs_go_with_their_executions(&keeper).await
}
