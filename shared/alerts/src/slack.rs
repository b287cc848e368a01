//! Slack, through an incoming webhook, whose address is secret.

use async_trait::async_trait;
use belfry_engine::ports::{Notice, Receiver};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{client::send, event::short};

const LONGEST_SUMMARY: usize = 2000;

pub struct Slack {
    pub name: String,
    pub installation: String,
    pub client: Client,
    pub url: String,
}

#[async_trait]
impl Receiver for Slack {
    fn name(&self) -> &str {
        &self.name
    }

    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        let message = self.message(notice).to_string();
        send(self.client.post(&self.url).header("content-type", "application/json").body(message)).await
    }
}

impl Slack {
    fn message(&self, notice: &Notice) -> Value {
        let alert = &notice.alert;
        let summary = escaped(&short(&alert.summary, LONGEST_SUMMARY));
        let installation = escaped(&self.installation);
        let (sign, word) = if alert.is_open() {
            (":rotating_light:", alert.kind.severity())
        } else {
            (":white_check_mark:", "resolved")
        };
        json!({ "text": format!("{sign} *{installation}* {word}: {summary}\n`{}`", escaped(&alert.key)) })
    }
}

/// Escapes the three characters that have a meaning in Slack: `<!channel>` in a job's error must not
/// call anybody.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
