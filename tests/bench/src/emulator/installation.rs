use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use belfry_e2e::Api;
use belfry_emulator::Emulator;
use tempfile::TempDir;

pub struct Installation {
    pub api: Api,
    /// Emulator of this measurement, which ends with it; `None` where the installation was there
    /// before.
    _own: Option<(Emulator, TempDir)>,
}

impl Installation {
    pub async fn of(api: Option<&str>) -> anyhow::Result<Self> {
        match api {
            Some(url) => Ok(Self { api: Api::new(url.trim_end_matches('/')), _own: None }),
            None => tokio::task::spawn_blocking(Self::make).await?,
        }
    }

    /// Makes an installation by the script that a developer uses. The script's variables count, such as
    /// `BELFRY_PACKAGES`.
    fn make() -> anyhow::Result<Self> {
        let emulator = Emulator::start(&[]).map_err(anyhow::Error::msg)?;
        let state = TempDir::with_prefix("belfry-bench-")?;
        let output = Command::new(belfry_e2e::workspace().join("localstack/up"))
            .env("BELFRY_EMULATOR_ENDPOINT", emulator.url())
            .env("BELFRY_EMULATOR_STATE", state.path())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "localstack/up: {}", output.status);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let url = told.split_once("export API='").and_then(|(_, rest)| rest.split_once('\''));
        let (url, _) = url.context("localstack/up names no API")?;
        Ok(Self { api: Api::new(url), _own: Some((emulator, state)) })
    }
}
