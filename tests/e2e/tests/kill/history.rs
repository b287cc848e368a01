//! All executions, as the API tells them.

use std::collections::{HashMap, HashSet};

use belfry_e2e::Api;
use serde_json::Value;

pub struct Row(Value);

pub struct History(HashMap<String, Row>);

impl History {
    pub async fn read(api: &Api) -> Self {
        let mut rows = HashMap::new();
        for row in api.all("/v1/executions").await {
            let id = row["execution_id"].as_str().unwrap().to_owned();
            assert!(rows.insert(id, Row(row)).is_none(), "listed once");
        }
        Self(rows)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.0.values()
    }

    pub fn row(&self, id: &str) -> Option<&Row> {
        self.0.get(id)
    }

    /// Checks that every accepted push has an execution, and that there is no other pushed execution.
    pub fn check_pushes(&self, accepted: &[&str]) {
        let missing: Vec<_> = accepted.iter().filter(|id| !self.0.contains_key(**id)).collect();
        assert!(missing.is_empty(), "accepted and forgotten: {missing:?}");
        let pushed = self.rows().filter(|row| row.0["trigger"] == "push").count();
        assert_eq!(pushed, accepted.len(), "pushes that nobody accepted");
    }

    /// Slots that have an execution, by job.
    pub fn slots(&self) -> HashMap<&str, Vec<&str>> {
        let mut slots: HashMap<&str, Vec<&str>> = HashMap::new();
        for row in self.rows().filter(|row| row.0["trigger"] == "schedule") {
            slots.entry(row.text("job_id")).or_default().push(row.text("slot"));
        }
        slots
    }

    pub fn workers_that_lost(&self) -> HashSet<&str> {
        let lost = self.rows().flat_map(Row::attempts).filter(|attempt| attempt["outcome"] == "lost");
        lost.map(|attempt| attempt["worker_id"].as_str().unwrap()).collect()
    }
}

impl Row {
    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap()
    }

    pub fn id(&self) -> &str {
        self.text("execution_id")
    }

    fn attempts(&self) -> &[Value] {
        self.0["attempts"].as_array().unwrap()
    }

    pub fn lost_attempts(&self) -> usize {
        self.attempts().len() - 1
    }

    pub fn was_lost(&self, attempt: u64) -> bool {
        self.attempts().iter().any(|other| other["number"] == attempt && other["outcome"] == "lost")
    }

    /// The number of the attempt that succeeded.
    pub fn success(&self) -> u64 {
        self.0["attempt"].as_u64().unwrap()
    }

    /// Checks that the execution succeeded once, at its last attempt, that all attempts before were
    /// lost, and that no attempt is missing.
    pub fn check(&self) {
        assert_eq!(self.0["status"], "success", "{}", self.0);
        let (last, before) = self.attempts().split_last().unwrap();
        assert_eq!(last["outcome"], "succeeded", "{}", self.0);
        assert!(before.iter().all(|attempt| attempt["outcome"] == "lost"), "{}", self.0);
        let numbers = self.attempts().iter().map(|attempt| attempt["number"].as_u64().unwrap());
        assert!(numbers.eq(1..=self.success()), "{}", self.0);
        assert_eq!(self.0["generation"], 1, "{}", self.0);
    }
}
