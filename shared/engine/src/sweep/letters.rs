//! Cap on dead letters: they are kept until a person decides, but not without end.

use std::collections::{BTreeSet, HashMap};

use belfry_domain::{ExecutionId, JobId};

use crate::{Engine, Result, ports::Alert};

/// Number of dead letters in one read.
const PAGE: usize = 500;

impl Engine {
    /// Discards the oldest dead letters of each job that has more than `dead_letters_per_job`, after an alert
    /// that says so. Returns the number of letters that were discarded.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn cap_dead_letters(&self) -> Result<u64> {
        let most = self.settings.dead_letters_per_job;
        if self.ports.dead_letters.count_dead_letters().await? <= most as u64 {
            return Ok(0);
        }
        let (mut counts, mut after, mut discarded) = (HashMap::<JobId, usize>::new(), None, 0);
        loop {
            let page = self.ports.dead_letters.dead_letters(None, after.as_deref(), PAGE).await?;
            let mut excess: Vec<(JobId, ExecutionId)> = Vec::new();
            for letter in page.items {
                let count = counts.entry(letter.job_id.clone()).or_default();
                *count += 1;
                if *count > most {
                    excess.push((letter.job_id, letter.execution_id));
                }
            }
            for job_id in excess.iter().map(|(job_id, _)| job_id).collect::<BTreeSet<_>>() {
                let alert = Alert::DeadLettersDiscarded { job_id: job_id.clone(), most };
                self.ports.alerts.raise(alert).await?;
            }
            for (_, id) in &excess {
                discarded += u64::from(self.discard(id).await?);
            }
            if page.next.is_none() {
                return Ok(discarded);
            }
            after = page.next;
        }
    }
}
