//! Event that a function gets from an event source mapping, and its answer: the messages that are to be
//! delivered again.

use belfry_engine::{
    EngineError,
    ports::{Alert, Alerts, StoreError},
};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tracing::{Instrument as _, Span};

use super::body::{Body, DecodeError};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Event {
    #[serde(rename = "Records", default)]
    pub records: Vec<Record>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub message_id: String,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Attributes {
    /// X-Ray header that the message was sent with.
    #[serde(rename = "AWSTraceHeader")]
    pub trace: Option<String>,
}

impl Event {
    /// Handles all messages at once. Messages that only a newer version can read, or that the store did
    /// not take, are delivered again. Other unreadable messages are not, because no version will ever
    /// read them.
    pub async fn handle(
        &self,
        alerts: &dyn Alerts,
        handle: impl AsyncFn(Body) -> Result<(), EngineError>,
    ) -> Answer {
        let handle = &handle;
        let messages = self.records.iter().map(|record| async move {
            let span = record.span();
            let outcome = record.handle(alerts, handle).instrument(span).await;
            outcome.err().map(|Again| record.message_id.clone())
        });
        Answer::again(join_all(messages).await.into_iter().flatten())
    }
}

/// Signal that SQS must deliver the message again.
struct Again;

impl Record {
    fn span(&self) -> Span {
        tracing::info_span!(
            "message",
            message.id = self.message_id,
            trace.id = self.attributes.trace,
            execution.id = tracing::field::Empty
        )
    }

    async fn handle(
        &self,
        alerts: &dyn Alerts,
        handle: impl AsyncFn(Body) -> Result<(), EngineError>,
    ) -> Result<(), Again> {
        let outcome = match Body::decode(&self.body) {
            Ok(body) => {
                if let Body::Message(message) = &body {
                    Span::current().record("execution.id", message.execution_id.as_str());
                }
                handle(body).await
            }
            Err(error @ DecodeError::Newer(_)) => {
                tracing::warn!(%error, "a newer version will handle a message");
                return Err(Again);
            }
            Err(error) => {
                let what = format!("message {}", self.message_id);
                alerts.raise(Alert::Quarantined { what, why: error.to_string() }).await.map_err(Into::into)
            }
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(error @ (EngineError::Store(StoreError::Unavailable(_)) | EngineError::Contended(_))) => {
                tracing::warn!(%error, "a message failed and will be delivered again");
                Err(Again)
            }
            // Another delivery would fail alike; the timers own the work.
            Err(error) => {
                tracing::warn!(%error, "a message failed; the sweep will retry");
                Ok(())
            }
        }
    }
}

/// Answer of the form `ReportBatchItemFailures`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Answer {
    /// Answer after which these messages are delivered again, when their visibility timeout has passed.
    pub fn again(message_ids: impl IntoIterator<Item = String>) -> Self {
        let failure = |item_identifier| Failure { item_identifier };
        Self { batch_item_failures: message_ids.into_iter().map(failure).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_as_lambda_hands_it_over() {
        let event: Event = serde_json::from_str(
            r#"{"Records":[{"messageId":"m1","receiptHandle":"h","body":"{}","awsRegion":"eu-west-1",
                "attributes":{"ApproximateReceiveCount":"1","AWSTraceHeader":"Root=1-2"},"messageAttributes":{}},
                {"messageId":"m2","body":"x","attributes":{}}]}"#,
        )
        .unwrap();
        assert_eq!(event.records[0].attributes.trace.as_deref(), Some("Root=1-2"));
        assert_eq!((event.records[1].message_id.as_str(), &event.records[1].attributes.trace), ("m2", &None));
    }

    struct Silent;

    #[async_trait::async_trait]
    impl Alerts for Silent {
        async fn raise(&self, _: Alert) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_may_succeed_later_comes_again() {
        let body = |number| Body::Message(crate::sqs::fixtures::message(number)).encode();
        let bodies = [body(0), body(1), body(2), r#"{"format":9}"#.to_owned(), "nonsense".to_owned()];
        let record = |(index, body): (usize, String)| Record {
            message_id: format!("m{index}"),
            body,
            attributes: Attributes::default(),
        };
        let event = Event { records: bodies.into_iter().enumerate().map(record).collect() };
        let answer = event.handle(&Silent, async |body| {
            let Body::Message(message) = body else { unreachable!("only messages are sent") };
            match message.execution_id.as_str() {
                "push@1" => Err(StoreError::Unavailable("throttled".to_owned()).into()),
                "push@2" => Err(EngineError::Conflict("its version is gone".to_owned())),
                _ => Ok(()),
            }
        });
        assert_eq!(answer.await, Answer::again(["m1".to_owned(), "m3".to_owned()]));
    }

    #[test]
    fn an_answer_as_lambda_reads_it() {
        let text = serde_json::to_string(&Answer::again(["m1".to_owned()])).unwrap();
        assert_eq!(text, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#);
        assert_eq!(serde_json::to_string(&Answer::default()).unwrap(), r#"{"batchItemFailures":[]}"#);
    }
}
