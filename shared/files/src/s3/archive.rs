use belfry_domain::Execution;
use belfry_engine::ports::{Archive, StoreError};

use super::Bucket;
use crate::{DayFile, day_files};

/// Archive in a bucket, under `executions/`.
#[derive(Debug, Clone)]
pub struct BucketArchive(pub Bucket);

#[async_trait::async_trait]
impl Archive for BucketArchive {
    async fn keep(&self, ended: Vec<Execution>) -> Result<(), StoreError> {
        let files = day_files(&ended).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        for DayFile { name, bytes } in files {
            self.0.put(&format!("executions/{name}"), "application/gzip", bytes).await?;
        }
        Ok(())
    }
}
