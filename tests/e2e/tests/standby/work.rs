//! Pushed work of all kinds. Some of it runs, some waits and some is not due yet, at any moment.

use std::{path::Path, time::Duration};

use belfry_e2e::{Api, Held, until};
use serde_json::{Value, json};

const COUNT: usize = 200;
const END: Duration = Duration::from_secs(60);

/// Accepted work, whose commands run until they are let go.
pub struct Work {
    accepted: Vec<String>,
    pub commands: Held,
}

impl Work {
    pub async fn push(api: &Api, data: &Path) -> Self {
        let commands = Held::within(data);
        let executions: Vec<Value> = (0..COUNT).map(|number| one(number, &commands)).collect();
        let answer = api.post("/v1/executions:batch", &json!({ "executions": executions })).await;
        let ids = answer["results"].as_array().unwrap().iter();
        let accepted = ids.map(|result| result["execution_id"].as_str().unwrap().to_owned()).collect();
        Self { accepted, commands }
    }

    pub fn len(&self) -> usize {
        self.accepted.len()
    }

    pub async fn until_some_runs(&self, api: &Api) {
        until("a command runs", END, async || {
            let running = api.get("/v1/executions?status=running").await;
            let mut rows = running["items"].as_array()?.iter();
            rows.any(|row| row["target"]["type"] == "command").then_some(())
        })
        .await;
    }

    /// Waits until all accepted work has succeeded; returns the number of lost attempts.
    pub async fn until_all_succeeded(&self, api: &Api) -> usize {
        let rows = until("all that was accepted succeeds", END, async || {
            let rows = api.all("/v1/executions?job_id=push").await;
            rows.iter().all(|row| row["status"] == "success").then_some(rows)
        })
        .await;
        for id in &self.accepted {
            assert_eq!(rows.iter().filter(|row| row["execution_id"] == **id).count(), 1, "{id}");
        }
        rows.iter().map(lost).sum()
    }
}

fn one(number: usize, commands: &Held) -> Value {
    match number % 10 {
        0 => json!({ "command": commands.command() }),
        1..=5 => json!({ "target": { "type": "empty" } }),
        seconds => json!({ "target": { "type": "empty" }, "delay": seconds }),
    }
}

fn lost(row: &Value) -> usize {
    let attempts = row["attempts"].as_array().unwrap().iter();
    attempts.filter(|attempt| attempt["outcome"] == "lost").count()
}
