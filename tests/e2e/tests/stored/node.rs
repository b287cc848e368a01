//! All functions of one version, over tables and queues that other versions may use as well. Nothing happens by
//! itself: each call of a clock, each delivery of a message is the test's.

use std::path::Path;

use aws_sdk_sqs::{Client as Sqs, types::Message};
use belfry_aws::Names;
use belfry_domain::Priority;
use belfry_e2e::Function;
use belfry_emulator::Emulator;
use serde_json::{Value, json};

pub const POOLS: &str = "default,command,outside,unserved";
const LANES: u64 = 1;

pub struct Node {
    tick: Function,
    dispatcher: Function,
    worker: Function,
    api: Function,
    sqs: Sqs,
}

/// The names that a process without other settings uses.
pub fn names() -> Names {
    Names::new("belfry")
}

fn worker_queues(pool: &str) -> impl Iterator<Item = String> {
    Priority::ALL.into_iter().map(move |priority| names().worker_queue(pool, priority))
}

pub async fn create_queues(emulator: &Emulator) {
    let queues = POOLS.split(',').flat_map(worker_queues);
    for queue in queues.chain([names().dispatch_queue(), names().dead_letter_queue()]) {
        Sqs::new(&emulator.sdk_config()).create_queue().queue_name(queue).send().await.unwrap();
    }
}

impl Node {
    pub async fn start(programs: &Path, emulator: &Emulator) -> Self {
        let start = async |name: &str| {
            let own = [("BELFRY_POOLS", POOLS), ("BELFRY_ALLOW_PRIVATE_ADDRESSES", "1")];
            let variables = emulator.variables().into_iter().chain(own);
            Function::start(&programs.join(name), name, variables).await.unwrap()
        };
        Self {
            tick: start("tick").await,
            dispatcher: start("dispatcher").await,
            worker: start("worker").await,
            api: start("api").await,
            sqs: Sqs::new(&emulator.sdk_config()),
        }
    }

    /// A clock calls, all due messages are delivered, and what they lead to.
    pub async fn turn(&mut self) {
        self.tick().await;
        self.dispatch().await;
        self.work().await;
    }

    pub async fn tick(&mut self) {
        self.tick.invoke(json!({ "lane": 0, "lanes": LANES })).await.unwrap();
    }

    pub async fn dispatch(&mut self) {
        deliver(&self.sqs, &names().dispatch_queue(), &mut self.dispatcher).await;
    }

    pub async fn work(&mut self) {
        for queue in worker_queues("default") {
            deliver(&self.sqs, &queue, &mut self.worker).await;
        }
    }

    /// Status and body of the API's answer.
    pub async fn call(&mut self, method: &str, path: &str, body: &Value, key: Option<&str>) -> (u64, Value) {
        let answer = self.api.invoke(request(method, path, body, key)).await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let body = answer["body"].as_str().unwrap_or_default();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        (answer["statusCode"].as_u64().unwrap(), body)
    }

    /// The body, if it went well.
    pub async fn ok(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let (status, body) = self.call(method, path, body, None).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {body}");
        body
    }

    pub async fn get(&mut self, path: &str) -> Value {
        self.ok("GET", path, &Value::Null).await
    }

    pub async fn status(&mut self, id: &str) -> String {
        let (_, row) = self.call("GET", &format!("/v1/executions/{id}"), &Value::Null, None).await;
        row["status"].as_str().unwrap_or("not there").to_owned()
    }
}

/// All messages that are due, as an event source mapping delivers them; those that failed stay.
async fn deliver(sqs: &Sqs, queue: &str, function: &mut Function) {
    let url = sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
    loop {
        let received = sqs.receive_message().queue_url(&url).max_number_of_messages(10);
        let messages = received.visibility_timeout(5).send().await.unwrap().messages.unwrap_or_default();
        if messages.is_empty() {
            return;
        }
        let records: Vec<Value> = messages.iter().enumerate().map(record).collect();
        let answer = function.invoke(json!({ "Records": records })).await.unwrap();
        for (number, message) in messages.iter().enumerate() {
            if !answer.contains(&format!("\"m{number}\"")) {
                let handle = message.receipt_handle.as_deref().unwrap();
                sqs.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
            }
        }
    }
}

fn record((number, message): (usize, &Message)) -> Value {
    json!({ "messageId": format!("m{number}"), "receiptHandle": "h", "body": message.body, "attributes": {},
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1" })
}

/// Event in the form in which API Gateway hands it over.
fn request(method: &str, path: &str, body: &Value, key: Option<&str>) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "isBase64Encoded": false,
        "headers": { "content-type": "application/json", "host": "api.example.com" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com", "domainPrefix": "api",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" },
            "requestId": "id", "routeKey": "$default", "stage": "$default",
            "time": "24/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_392_000_000_i64
        },
    });
    if let Some(key) = key {
        event["headers"]["idempotency-key"] = json!(key);
    }
    if !body.is_null() {
        event["body"] = json!(body.to_string());
    }
    event
}
