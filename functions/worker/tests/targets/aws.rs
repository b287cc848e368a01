//! Services of AWS: each job of `examples/aws/targets.yaml` makes its call to a server that stands for AWS.

use std::{collections::BTreeMap, fs, path::Path};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use belfry_engine::ports::{Completion, Ending};
use belfry_worker::targets::{AwsAccess, TargetSettings, Targets};
use serde_json::{Value, json};

use crate::support::{
    EXECUTION_ID, failure, result, run,
    server::{Asked, Server, answer},
    settings, targets_with,
};

const PUBLIC_URL: &str = "https://belfry.example.com";

/// Targets of the examples, by the names of their jobs.
fn examples() -> BTreeMap<String, Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/aws/targets.yaml");
    let jobs: Vec<Value> = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    jobs.iter().map(|job| (job["job_id"].as_str().unwrap().to_owned(), job["target"].clone())).collect()
}

/// Runners that call this server in place of AWS.
fn targets(server: &Server) -> Targets {
    let settings = TargetSettings { public_url: Some(PUBLIC_URL.to_owned()), ..settings() };
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    targets_with(settings, &[]).with_aws(AwsAccess {
        region: Some("eu-west-1".to_owned()),
        endpoint: Some(server.url("")),
        credentials: Some(SharedCredentialsProvider::new(credentials)),
    })
}

/// Runs the example's target. Returns how it ended, and the call that it made.
async fn called(job: &str, status: &str, answered: &Value) -> (Completion, Asked) {
    let body = answered.to_string();
    let status = status.to_owned();
    let server = Server::start(move |_| answer(&status, "", &body)).await;
    let completion = run(&targets(&server), examples()[job].clone()).await;
    let mut asked = server.asked();
    assert_eq!(asked.len(), 1, "{job} makes one call: {asked:?}");
    (completion, asked.remove(0))
}

fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

/// JSON in a text of the call's body.
fn within(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

fn told() -> Value {
    json!({ "execution_id": EXECUTION_ID, "run_id": "run-7", "attempt": 3, "fence": 3 })
}

#[tokio::test]
async fn lambda_is_called_and_its_answer_is_the_result() {
    let (completion, asked) = called("send_report", "200 OK", &json!({ "rows": 3 })).await;
    assert_eq!(result(&completion), Some(json!({ "rows": 3 })));
    assert_eq!(asked.line, "POST /2015-03-31/functions/send-report/invocations?Qualifier=live");
    assert_eq!(asked.header("x-amz-invocation-type"), Some("RequestResponse"));
    assert_eq!(body(&asked), json!({ "day": "Monday", "belfry": told() }));
    let signature = asked.header("authorization").unwrap();
    assert!(signature.contains("AKIDEXAMPLE/") && signature.contains("/eu-west-1/lambda/"), "{signature}");
}

#[tokio::test]
async fn lambda_that_calls_back_is_told_where() {
    let (completion, asked) = called("transcode", "202 Accepted", &Value::Null).await;
    assert!(matches!(completion.ending, Ending::HandedOver), "{:?}", completion.ending);
    assert_eq!(asked.header("x-amz-invocation-type"), Some("Event"));
    let belfry = &body(&asked)["belfry"];
    assert!(belfry["callback_url"].as_str().unwrap().starts_with(PUBLIC_URL), "{belfry}");
    assert!(belfry["callback_token"].as_str().unwrap().starts_with("3-"), "{belfry}");
}

#[tokio::test]
async fn sqs_gets_the_input_with_the_ids_beside_it() {
    let (completion, asked) = called("reorder", "200 OK", &json!({ "MessageId": "m-1" })).await;
    assert_eq!(result(&completion), Some(json!({ "message_id": "m-1" })));
    assert_eq!(asked.header("x-amz-target"), Some("AmazonSQS.SendMessage"));
    let message = body(&asked);
    assert_eq!(within(&message["MessageBody"]), json!({ "day": "Monday" }));
    assert_eq!(message["MessageGroupId"], "east");
    let attributes = &message["MessageAttributes"];
    assert_eq!(attributes["belfry-execution-id"]["StringValue"], EXECUTION_ID);
    assert_eq!(attributes["belfry-fence"]["StringValue"], "3");
}

#[tokio::test]
async fn eventbridge_gets_one_event() {
    let accepted = json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e-1" }] });
    let (completion, asked) = called("report_due", "200 OK", &accepted).await;
    assert_eq!(result(&completion), Some(json!({ "event_id": "e-1" })));
    assert_eq!(asked.header("x-amz-target"), Some("AWSEvents.PutEvents"));
    let entry = &body(&asked)["Entries"][0];
    assert_eq!(
        (&entry["EventBusName"], &entry["Source"], &entry["DetailType"]),
        (&json!("company"), &json!("belfry.reports"), &json!("Report due"))
    );
    assert_eq!(within(&entry["Detail"]), json!({ "day": "Monday", "belfry": told() }));
}

#[tokio::test]
async fn step_functions_starts_once_for_an_execution() {
    let started = json!({ "executionArn": "arn:aws:states:eu-west-1:1:execution:billing:x" });
    let (completion, asked) = called("billing", "200 OK", &started).await;
    assert_eq!(result(&completion), Some(json!({ "execution_arn": started["executionArn"] })));
    assert_eq!(asked.header("x-amz-target"), Some("AWSStepFunctions.StartExecution"));
    let first = body(&asked);
    assert_eq!(within(&first["input"]), json!({ "day": "Monday", "belfry": told() }));
    let exists = json!({ "__type": "ExecutionAlreadyExists", "message": "it is there" });
    let (completion, asked) = called("billing", "400 Bad Request", &exists).await;
    assert_eq!(
        result(&completion),
        Some(json!({ "execution_name": first["name"] })),
        "it was started before"
    );
    assert_eq!(body(&asked)["name"], first["name"], "the name depends on nothing but the execution");
}

#[tokio::test]
async fn ecs_runs_one_task() {
    let started = json!({ "tasks": [{ "taskArn": "arn:aws:ecs:eu-west-1:1:task/batch/t" }], "failures": [] });
    let (completion, asked) = called("rebuild_index", "200 OK", &started).await;
    assert!(matches!(completion.ending, Ending::Succeeded { .. }), "{:?}", completion.ending);
    assert_eq!(asked.header("x-amz-target"), Some("AmazonEC2ContainerServiceV20141113.RunTask"));
    let task = body(&asked);
    assert_eq!((&task["cluster"], &task["taskDefinition"]), (&json!("batch"), &json!("index-builder")));
    let container = &task["overrides"]["containerOverrides"][0];
    assert_eq!(container["command"], json!(["rebuild", "--all"]));
    let input = json!({ "name": "BELFRY_INPUT", "value": r#"{"day":"Monday"}"# });
    assert!(container["environment"].as_array().unwrap().contains(&input), "{container}");
    let network = &task["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["subnets"], json!(["subnet-0a1b2c3d"]));
}

#[tokio::test]
async fn a_service_that_refuses_fails_the_attempt() {
    for job in ["send_report", "reorder", "report_due", "billing", "rebuild_index"] {
        let denied = json!({ "__type": "AccessDeniedException", "message": "not allowed" });
        let (completion, _) = called(job, "400 Bad Request", &denied).await;
        let denial = failure(&completion);
        assert!(denial.is_final && denial.error.contains("AccessDeniedException"), "{job}: {}", denial.error);
        let throttled = json!({ "__type": "ThrottlingException", "message": "slow down" });
        let (completion, _) = called(job, "400 Bad Request", &throttled).await;
        assert!(!failure(&completion).is_final, "{job}");
    }
}
