//! Full logs in a bucket, under `logs/`. The bucket's own lifecycle rules remove them.

use std::{
    io::{Read as _, Seek as _, Write as _},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use aws_types::SdkConfig;
use belfry_domain::ExecutionId;
use belfry_engine::ports::{Log, LogWriter, Logs, StoreError};

use super::Bucket;
use crate::log_folder::name_of;

/// Time for which a URL is valid: long enough to begin reading.
const VALID: Duration = Duration::from_secs(300);

#[derive(Debug, Clone)]
pub struct BucketLogs(pub Bucket);

impl BucketLogs {
    /// History of the installation. `None` where the installation keeps none.
    pub fn of_installation(sdk: &SdkConfig) -> Option<Arc<dyn Logs>> {
        Bucket::of_installation(sdk).map(|bucket| Arc::new(Self(bucket)) as Arc<dyn Logs>)
    }
}

/// Writer that keeps a log in a local file until it is complete, because objects can't grow.
struct Writer {
    bucket: Bucket,
    key: String,
    file: std::fs::File,
}

fn failed(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("a log's temporary file: {error}"))
}

#[async_trait]
impl LogWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(|error| failed(&error))
    }

    async fn close(mut self: Box<Self>) -> Result<String, StoreError> {
        let mut bytes = Vec::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_end(&mut bytes));
        read.map_err(|error| failed(&error))?;
        self.bucket.put(&self.key, "text/plain; charset=utf-8", bytes).await?;
        Ok(self.key)
    }
}

#[async_trait]
impl Logs for BucketLogs {
    async fn open(&self, id: &ExecutionId, attempt: u32) -> Result<Box<dyn LogWriter>, StoreError> {
        let file = tempfile::tempfile().map_err(|error| failed(&error))?;
        let key = format!("logs/{}", name_of(id, attempt));
        Ok(Box::new(Writer { bucket: self.0.clone(), key, file }))
    }

    async fn read(&self, reference: &str) -> Result<Option<Log>, StoreError> {
        let url = self.0.url(reference, VALID).await?;
        Ok(Some(Log::Elsewhere(url.into())))
    }

    async fn remove(&self, _: &[ExecutionId]) -> Result<(), StoreError> {
        Ok(())
    }
}
