//! Webhook: any HTTP endpoint. Requests are signed by the Standard Webhooks specification.

use async_trait::async_trait;
use belfry_engine::ports::{Notice, Receiver};
use chrono::Utc;
use reqwest::Client;

use crate::{client::send, event::event, signature::SigningKey};

pub struct Webhook {
    pub name: String,
    pub installation: String,
    pub client: Client,
    pub url: String,
    pub key: SigningKey,
}

#[async_trait]
impl Receiver for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        let body = event(&self.installation, notice).to_string();
        let timestamp = Utc::now().timestamp();
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", &notice.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", self.key.sign(&notice.id, timestamp, body.as_bytes()));
        send(request.body(body)).await
    }
}
