//! Reads of dead letters.

use belfry_domain::ExecutionId;

use crate::{Engine, Result};

impl Engine {
    /// Whether somebody is to decide on this execution.
    pub(crate) async fn is_open_letter(&self, id: &ExecutionId) -> Result<bool> {
        let letter = self.ports.dead_letters.dead_letter(id).await?;
        Ok(letter.is_some_and(|letter| letter.redriven_as.is_none()))
    }
}
