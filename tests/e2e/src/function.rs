//! A Lambda function's process, and the Runtime API that it asks for invocations.

use std::{
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    http::{HeaderMap, HeaderName, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex, mpsc},
    task::JoinHandle,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Time limit of an invocation, as `infra/` gives it to the tick. No event here takes a second.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Process of a function, which ends with this value.
pub struct Function {
    child: Child,
    started: Instant,
    events: mpsc::UnboundedSender<Value>,
    asked: mpsc::UnboundedReceiver<Instant>,
    answers: mpsc::UnboundedReceiver<(StatusCode, String)>,
    server: JoinHandle<()>,
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    asked: mpsc::UnboundedSender<Instant>,
    answers: mpsc::UnboundedSender<(StatusCode, String)>,
}

impl Function {
    /// Starts the program with these variables and those that Lambda sets, and no others.
    pub async fn start<'a>(
        program: &Path,
        name: &str,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> std::io::Result<Self> {
        let (events, to_come) = mpsc::unbounded_channel();
        let (asked_sender, asked) = mpsc::unbounded_channel();
        let (answer_sender, answers) = mpsc::unbounded_channel();
        let shared = Shared { events: Mutex::new(to_come), asked: asked_sender, answers: answer_sender };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move { drop(axum::serve(listener, router(shared)).await) });
        let started = Instant::now();
        let child = Command::new(program)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", format!("belfry-{name}"))
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "belfry")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("stream-{}", address.port()))
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { child, started, events, asked, answers, server })
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Time from the start of the process until it asks for an invocation.
    pub async fn until_next(&mut self) -> Result<Duration, String> {
        let asked = timeout(PATIENCE, self.asked.recv()).await.ok().flatten();
        Ok(asked.ok_or("the function asks for no invocation")?.duration_since(self.started))
    }

    /// Makes one invocation and returns its answer.
    pub async fn invoke(&mut self, event: Value) -> Result<String, String> {
        self.events.send(event).map_err(|_| "nobody serves the function")?;
        let answer = timeout(PATIENCE, self.answers.recv()).await.ok().flatten();
        let (status, text) = answer.ok_or("the function does not answer")?;
        if status == StatusCode::OK { Ok(text) } else { Err(format!("the function failed: {text}")) }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(answered))
        .with_state(Arc::new(shared))
}

/// Answers the function's question, once there is an event.
async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    // Without a receiver nobody wants to know.
    let _ = shared.asked.send(Instant::now());
    let event = shared.events.lock().await.recv().await.unwrap_or_default();
    let deadline = (SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + TIMEOUT).as_millis().to_string();
    let mut headers = HeaderMap::new();
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:belfry".to_owned();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline),
        ("lambda-runtime-invoked-function-arn", arn),
        ("content-type", "application/json".to_owned()),
    ] {
        headers.extend(value.parse().ok().map(|value| (HeaderName::from_static(name), value)));
    }
    (headers, event.to_string())
}

async fn answered(
    State(shared): State<Arc<Shared>>,
    UrlPath((_, outcome)): UrlPath<(String, String)>,
    body: String,
) -> StatusCode {
    let status = if outcome == "response" { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    let _ = shared.answers.send((status, body));
    StatusCode::ACCEPTED
}
