use async_trait::async_trait;
use belfry_engine::ports::{AlertRow, AlertStore};

use super::{Model, Result};

#[async_trait]
impl AlertStore for Model {
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>> {
        Ok(self.state().alerts.get(key).cloned())
    }

    async fn alerts(&self) -> Result<Vec<AlertRow>> {
        Ok(self.state().alerts.values().cloned().collect())
    }

    async fn keep_alert(&self, row: &AlertRow) -> Result<bool> {
        let mut state = self.state();
        let revision = state.alerts.get(&row.key).map_or(0, |found| found.revision);
        if revision + 1 != row.revision {
            return Ok(false);
        }
        state.alerts.insert(row.key.clone(), row.clone());
        Ok(true)
    }

    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool> {
        let mut state = self.state();
        let is_unchanged = state.alerts.get(key).is_some_and(|found| found.revision == revision);
        Ok(is_unchanged && state.alerts.remove(key).is_some())
    }
}
