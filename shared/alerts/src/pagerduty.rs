//! PagerDuty, through its Events API v2.

use async_trait::async_trait;
use belfry_domain::stable_hash;
use belfry_engine::ports::{Notice, Receiver};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    client::send,
    event::{event, short},
};

/// Limit of the Events API on keys, in characters.
const LONGEST_KEY: usize = 255;
const LONGEST_SUMMARY: usize = 1024;
/// Length of the part that is kept, beside a hash, of a key that is too long.
const KEY_HEAD: usize = 200;

pub struct PagerDuty {
    pub name: String,
    pub installation: String,
    pub client: Client,
    pub url: String,
    pub routing_key: String,
}

#[async_trait]
impl Receiver for PagerDuty {
    fn name(&self) -> &str {
        &self.name
    }

    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        let event = self.event(notice).to_string();
        send(self.client.post(&self.url).header("content-type", "application/json").body(event)).await
    }
}

impl PagerDuty {
    /// Event for an alert. PagerDuty keeps one incident for each key, and resolves it by the key.
    fn event(&self, notice: &Notice) -> Value {
        let alert = &notice.alert;
        let mut message = json!({
            "routing_key": self.routing_key,
            "event_action": if alert.is_open() { "trigger" } else { "resolve" },
            "dedup_key": dedup_key(&self.installation, &alert.key),
        });
        if alert.is_open() {
            message["client"] = json!("Belfry");
            message["payload"] = json!({
                "summary": short(&alert.summary, LONGEST_SUMMARY),
                "source": self.installation,
                "severity": alert.kind.severity(),
                "timestamp": alert.opened_at.to_string(),
                "component": alert.job_id,
                "class": alert.kind,
                "custom_details": event(&self.installation, notice)["data"],
            });
        }
        message
    }
}

fn dedup_key(installation: &str, key: &str) -> String {
    let whole = format!("{installation}/{key}");
    if whole.len() <= LONGEST_KEY {
        return whole;
    }
    format!("{}#{:016x}", short(&whole, KEY_HEAD), stable_hash(whole.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_and_differ() {
        assert_eq!(dedup_key("nightly", "dead_letter/a"), "nightly/dead_letter/a");
        let [one, other] = ["a", "b"].map(|end| dedup_key("nightly", &format!("{}{end}", "é".repeat(300))));
        assert!(one != other && one.chars().count() < LONGEST_KEY, "{one}");
    }
}
