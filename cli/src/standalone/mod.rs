//! The engine, its store, workers and API in this process.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use belfry_engine::Engine;

use crate::commands::up::LogFormat;

pub struct UpOptions {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub apply: Vec<PathBuf>,
    pub concurrency: usize,
    pub max_processes: usize,
    pub allow_private_addresses: bool,
    pub lease: Option<Duration>,
    pub log_format: LogFormat,
}

pub async fn up(_options: UpOptions) -> anyhow::Result<()> {
    anyhow::bail!("`up` is not wired yet")
}

/// An engine with its workers on a store in memory, which ends with this value.
pub struct Standalone {
    engine: std::sync::Arc<Engine>,
}

pub struct TemporaryOptions {
    pub concurrency: usize,
    pub max_processes: usize,
    pub allow_private_addresses: bool,
}

impl Standalone {
    pub async fn temporary(_options: TemporaryOptions) -> anyhow::Result<Self> {
        anyhow::bail!("`run` is not wired yet")
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub async fn stop(self) {}
}

pub struct TokenRow {
    pub name: String,
    pub created_at: chrono::DateTime<chrono::Utc>,
}

pub async fn create_token(_data: &std::path::Path, _name: &str) -> anyhow::Result<String> {
    anyhow::bail!("`token` is not wired yet")
}

pub async fn list_tokens(_data: &std::path::Path) -> anyhow::Result<Vec<TokenRow>> {
    anyhow::bail!("`token` is not wired yet")
}

/// False where there is none of this name.
pub async fn revoke_token(_data: &std::path::Path, _name: &str) -> anyhow::Result<bool> {
    anyhow::bail!("`token` is not wired yet")
}
