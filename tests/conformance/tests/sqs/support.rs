//! Queues of their own for each case, on one emulator.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::QueueAttributeName};
use belfry_aws::{
    Names,
    sqs::{Body, SqsQueue},
};
use belfry_conformance::fixtures::{guard, id};
use belfry_domain::{AGEING_STEP, Message, Origin, Priority, Timestamp};
use belfry_emulator::Emulator;
use belfry_engine::{
    SystemClock,
    ports::{Alert, Alerts, Clock, Delivery, Source as _, Stop, StoreError},
};

#[derive(Default)]
pub struct Raised(pub Mutex<Vec<Alert>>);

#[async_trait]
impl Alerts for Raised {
    async fn raise(&self, alert: Alert) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(alert);
        Ok(())
    }
}

pub struct Fixture {
    pub queue: SqsQueue,
    pub raised: Arc<Raised>,
    pub names: Names,
    client: Client,
}

impl Fixture {
    /// Makes queues for the pool `default`, and for no other.
    pub async fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::default())).await
    }

    pub async fn with_clock(clock: Arc<dyn Clock>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let names = Names::new(format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let client = Client::new(&Emulator::shared().sdk_config());
        let workers = Priority::ALL.map(|priority| names.worker_queue("default", priority));
        for name in workers.into_iter().chain([names.dispatch_queue()]) {
            client.create_queue().queue_name(name).send().await.unwrap();
        }
        let raised = Arc::new(Raised::default());
        let pools = vec!["default".to_owned()];
        let queue = SqsQueue::new(client.clone(), names.clone(), pools, clock, raised.clone(), AGEING_STEP);
        Self { queue, raised, names, client }
    }

    async fn url(&self, queue: &str) -> String {
        self.client.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap()
    }

    pub async fn put(&self, queue: &str, body: &str) {
        let url = self.url(queue).await;
        self.client.send_message().queue_url(url).message_body(body).send().await.unwrap();
    }

    /// Number of messages that can be received now, and of messages that wait for their delay to end.
    pub async fn counts(&self, queue: &str) -> (String, String) {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.client.get_queue_attributes().queue_url(self.url(queue).await);
        let answer = request.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let attributes = answer.attributes.unwrap();
        let [visible, delayed] = names.map(|name| attributes[&name].clone());
        (visible, delayed)
    }

    pub async fn bodies(&self, queue: &str) -> Vec<Body> {
        let request = self.client.receive_message().queue_url(self.url(queue).await);
        let answer = request.max_number_of_messages(10).send().await.unwrap();
        let bodies = answer.messages.unwrap_or_default().into_iter();
        bodies.map(|message| Body::decode(&message.body.unwrap()).unwrap()).collect()
    }

    pub async fn receive(&self, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.queue.receive("default", limit, Duration::from_secs(20), &Stop::new()).await
    }
}

pub fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message.execution_id.as_str()).collect()
}

pub fn message(name: &str, due: Timestamp, priority: Priority) -> Message {
    Message {
        execution_id: id(name),
        attempt: 1,
        due,
        pool: "default".to_owned(),
        priority,
        guard: guard(name).key,
        origin: Origin::Push,
    }
}

pub fn now() -> Timestamp {
    SystemClock::default().now()
}
