//! Permissions of each function's role, asked of the emulator's IAM with the credentials that the
//! function itself has.
//!
//! No request here changes anything: permitted requests name things that don't exist.

use aws_sdk_dynamodb::{
    Client as DynamoDb,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, BillingMode},
};
use aws_sdk_scheduler::Client as Scheduler;
use aws_sdk_sqs::{
    Client as Sqs,
    config::{Credentials, SharedCredentialsProvider},
};
use belfry_e2e::until;
use reqwest::Method;

use super::{
    caller::{BUCKET, Caller, is_refused},
    installation::{Installation, installation},
    recovery::RECOVERED,
};

const FUNCTIONS: [&str; 4] = ["belfry-tick", "belfry-dispatcher", "belfry-worker", "belfry-api"];

#[derive(Debug, Clone, Copy)]
enum Ask {
    Read(&'static str),
    Write(&'static str),
    Scan(&'static str),
    /// Lists executions by an index.
    List(&'static str),
    MakeTable,
    Send(&'static str),
    Take(&'static str),
    Configure(&'static str),
    ListSchedules,
    DeleteSchedule,
    Publish,
    ReadLog,
    KeepLog,
}

/// Each call, and whether it is permitted to the tick, the dispatcher, the worker and the API.
const RIGHTS: &[(Ask, [bool; 4])] = &[
    (Ask::Read("jobs"), [true, true, true, true]),
    (Ask::Read("executions"), [true, true, true, true]),
    (Ask::Read("dead-letters"), [true, false, true, true]),
    (Ask::Write("timers"), [true, true, true, true]),
    (Ask::Write("executions"), [true, false, true, true]),
    (Ask::Write("dead-letters"), [true, false, true, true]),
    (Ask::Scan("timers"), [true, false, false, false]),
    (Ask::Scan("jobs"), [true, false, false, true]),
    (Ask::Scan("executions"), [false; 4]),
    // To learn the layout of keys of an installation that has none yet.
    (Ask::List("recent"), [true; 4]),
    (Ask::MakeTable, [false; 4]),
    (Ask::Send("dispatch"), [true; 4]),
    (Ask::Send("default-high"), [true; 4]),
    (Ask::Send("dead-letters"), [true, false, true, true]),
    (Ask::Take("dispatch"), [false, true, false, false]),
    (Ask::Take("default-high"), [false, false, true, false]),
    // For workers that speak HTTP only.
    (Ask::Take("command-high"), [false, false, false, true]),
    (Ask::Take("dead-letters"), [false; 4]),
    (Ask::Configure("dispatch"), [false; 4]),
    (Ask::ListSchedules, [true, false, false, true]),
    (Ask::DeleteSchedule, [true, false, false, true]),
    (Ask::Publish, [true, false, false, false]),
    (Ask::ReadLog, [false, false, false, true]),
    (Ask::KeepLog, [false; 4]),
];

struct Asker {
    dynamodb: DynamoDb,
    sqs: Sqs,
    scheduler: Scheduler,
    caller: Caller,
}

pub async fn each_function_may_do_what_it_does_and_no_more() {
    let belfry = installation().await;
    let mut wrong = Vec::new();
    for (column, function) in FUNCTIONS.into_iter().enumerate() {
        let asker = Asker::of(belfry, function).await;
        for (ask, expected) in RIGHTS {
            let is_permitted = asker.is_permitted(belfry, *ask).await;
            if is_permitted != expected[column] {
                wrong.push(format!("{function}: {ask:?} is permitted: {is_permitted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

impl Asker {
    async fn of(belfry: &'static Installation, function: &str) -> Self {
        let process = until(&format!("{function} runs"), RECOVERED, async || {
            belfry.processes().into_iter().find(|process| process.function() == function)
        })
        .await;
        let [key, secret, token] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
            .map(|name| process.variable(name).to_owned());
        let caller = Caller { key: key.clone(), secret: secret.clone(), token: Some(token.clone()) };
        let credentials = Credentials::new(key, secret, Some(token), None, "function");
        let sdk = belfry.emulator.sdk_config().into_builder();
        let sdk = sdk.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        Self { dynamodb: DynamoDb::new(&sdk), sqs: Sqs::new(&sdk), scheduler: Scheduler::new(&sdk), caller }
    }

    async fn is_permitted(&self, belfry: &Installation, ask: Ask) -> bool {
        match ask {
            Ask::Read(_) | Ask::Write(_) | Ask::Scan(_) | Ask::List(_) | Ask::MakeTable => {
                self.of_tables(ask).await
            }
            Ask::Send(queue) | Ask::Take(queue) | Ask::Configure(queue) => {
                let url = belfry.queue_url(&format!("belfry-{queue}")).await;
                self.of_queue(ask, url).await
            }
            Ask::ListSchedules => {
                is_permitted(self.scheduler.list_schedules().group_name("belfry").send().await)
            }
            Ask::DeleteSchedule => {
                let delete = self.scheduler.delete_schedule().group_name("belfry").name("job.nobody.0");
                is_permitted(delete.send().await)
            }
            Ask::Publish => {
                // Without a message.
                let publish = "Action=Publish&TopicArn=arn:aws:sns:us-east-1:000000000000:belfry-alerts";
                !is_refused(&self.caller.ask(belfry, "sns", &Method::POST, "/", publish))
            }
            Ask::ReadLog => !is_refused(&self.caller.ask(
                belfry,
                "s3",
                &Method::GET,
                &format!("/{BUCKET}/logs/nothing"),
                "",
            )),
            Ask::KeepLog => !is_refused(&self.caller.ask(
                belfry,
                "s3",
                &Method::PUT,
                &format!("/{BUCKET}/logs/nothing"),
                "x",
            )),
        }
    }

    async fn of_tables(&self, ask: Ask) -> bool {
        let nothing = || AttributeValue::S("nothing".to_owned());
        let table = |name| format!("belfry-{name}");
        match ask {
            Ask::Read(name) => {
                let get = self.dynamodb.get_item().table_name(table(name));
                is_permitted(get.key("pk", nothing()).key("sk", nothing()).send().await)
            }
            Ask::Write(name) => {
                let delete = self.dynamodb.delete_item().table_name(table(name));
                is_permitted(delete.key("pk", nothing()).key("sk", nothing()).send().await)
            }
            Ask::Scan(name) => {
                is_permitted(self.dynamodb.scan().table_name(table(name)).limit(1).send().await)
            }
            Ask::List(index) => {
                let query = self.dynamodb.query().table_name(table("executions")).index_name(index);
                let query = query.key_condition_expression("recent_pk = :nothing");
                is_permitted(query.expression_attribute_values(":nothing", nothing()).send().await)
            }
            _ => {
                let make = self.dynamodb.create_table().table_name(table("more"));
                is_permitted(make.billing_mode(BillingMode::PayPerRequest).send().await)
            }
        }
    }

    async fn of_queue(&self, ask: Ask, url: String) -> bool {
        match ask {
            Ask::Send(_) => is_permitted(
                self.sqs.send_message_batch().queue_url(url).set_entries(Some(vec![])).send().await,
            ),
            Ask::Take(_) => {
                is_permitted(self.sqs.delete_message().queue_url(url).receipt_handle("nothing").send().await)
            }
            _ => is_permitted(self.sqs.tag_queue().queue_url(url).tags("of", "nobody").send().await),
        }
    }
}

/// Whether the service permits the call, whatever else it answers.
fn is_permitted<T, E: ProvideErrorMetadata, R>(outcome: Result<T, SdkError<E, R>>) -> bool {
    let Err(error) = outcome else { return true };
    let error = error.as_service_error().expect("an answer of the service");
    !error.code().unwrap_or_default().contains("AccessDenied")
}
