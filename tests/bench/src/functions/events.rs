//! Events for the functions, as AWS would send them, with little to do.

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_sqs::Client as Sqs;
use belfry_aws::{Names, sqs::Body};
use belfry_domain::{ExecutionId, Message, Origin, Priority, Shards, Timer, Timestamp, Wave};
use belfry_e2e::Api;
use belfry_emulator::{EXPIRED, Emulator};
use serde_json::{Value, json};

/// Messages in an invocation of the worker.
const BATCH: usize = 10;

/// Bucket that the archive function writes to.
pub const BUCKET: &str = "history";

/// Makes the tables, queues and bucket that functions without other names use.
pub async fn prepare(emulator: &Emulator) -> anyhow::Result<()> {
    let sdk = emulator.sdk_config();
    let names = Names::new("belfry".to_owned());
    belfry_emulator::create_tables(&DynamoDb::new(&sdk), &names).await;
    let sqs = Sqs::new(&sdk);
    let workers = Priority::ALL.map(|priority| names.worker_queue("default", priority));
    for queue in workers.into_iter().chain([names.dispatch_queue(), names.dead_letter_queue()]) {
        sqs.create_queue().queue_name(queue).send().await?;
    }
    let s3 = Api::new(emulator.url());
    s3.send(s3.request(reqwest::Method::PUT, &format!("/{BUCKET}"))).await?.ok();
    Ok(())
}

pub fn event(function: &str, number: usize) -> anyhow::Result<Value> {
    Ok(match function {
        "tick" => json!({ "lane": 0, "lanes": 4 }),
        "dispatcher" => records(vec![Body::Wave(wave(number)?)]),
        "worker" => records(
            (0..BATCH)
                .map(|item| Ok(Body::Message(message(number * BATCH + item)?)))
                .collect::<anyhow::Result<_>>()?,
        ),
        "archive" => serde_json::from_str(EXPIRED)?,
        _ => request(number),
    })
}

/// Message for an execution that does not exist, which the worker looks for.
fn message(number: usize) -> anyhow::Result<Message> {
    let execution_id: ExecutionId = format!("push@measured-{number}").parse()?;
    let due = Timestamp::from(chrono::Utc::now());
    Ok(Message {
        guard: Timer::start(Shards(64), &execution_id, 1, due).key,
        execution_id,
        attempt: 1,
        due,
        pool: "default".to_owned(),
        priority: Priority::Normal,
        origin: Origin::Push,
    })
}

fn wave(number: usize) -> anyhow::Result<Wave> {
    let messages = (0..500).map(|item| message(number * 500 + item)).collect::<anyhow::Result<_>>()?;
    Ok(Wave { second: chrono::Utc::now().timestamp(), messages })
}

fn records(bodies: Vec<Body>) -> Value {
    let record = |(number, body): (usize, Body)| {
        json!({ "messageId": format!("m{number}"), "receiptHandle": "h", "body": body.encode(), "attributes": {},
                "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1" })
    };
    json!({ "Records": bodies.into_iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// Event of a push, as API Gateway makes it.
fn request(number: usize) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/v1/executions",
        "rawQueryString": "",
        "headers": { "content-type": "application/json", "idempotency-key": format!("measured-{number}") },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com", "domainPrefix": "api",
            "http": { "method": "POST", "path": "/v1/executions", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                      "userAgent": "bench" },
            "requestId": "id", "routeKey": "$default", "stage": "$default",
            "time": "24/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_392_000_000_i64
        },
        "body": json!({ "target": { "type": "empty" } }).to_string(),
        "isBase64Encoded": false
    })
}
