//! Servers that the page talks to beside belfry: the server that it comes from, and the control, an API
//! that accepts every origin.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, Method, Uri, header},
    middleware::map_response,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Text in the description of every job.
pub const MARKER: &str = "nobody may read this";

pub struct Site {
    /// Address of the server with the page, which is at `/attack`.
    pub url: String,
    pub control: String,
    /// Port of an address behind which servers take turns: the name of the page leads first to the page
    /// and then elsewhere.
    pub rebound: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Paths of the requests that the control got.
    at_control: Mutex<Vec<String>>,
    turn: watch::Sender<String>,
    outcomes: watch::Sender<Option<Value>>,
}

impl Site {
    pub async fn start(belfry: &str) -> Self {
        let seen = Arc::new(Seen::default());
        let page = Router::new()
            .route("/attack", get(async || Html(include_str!("attack.html"))))
            .route("/told/turn/{name}", post(turn))
            .route("/told/outcomes", post(outcomes));
        let url = serve(page.with_state(seen.clone())).await;
        let control = serve(Router::new().fallback(control).with_state(seen.clone())).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rebound = listener.local_addr().unwrap().port();
        let addresses = [&url, &control, belfry].map(|url| url.trim_start_matches("http://").to_owned());
        tokio::spawn(rebind(listener, addresses, seen.turn.subscribe()));
        Self { url, control, rebound, seen }
    }

    /// Waits for the outcome of each step, which the page reports at its end.
    pub async fn outcomes(&self) -> Value {
        let mut outcomes = self.seen.outcomes.subscribe();
        outcomes.wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }

    pub fn at_control(&self) -> Vec<String> {
        self.seen.at_control.lock().unwrap().clone()
    }
}

async fn serve(router: Router) -> String {
    // Connections are not kept: the next one may have to lead elsewhere.
    let router =
        router.layer(map_response(async |response: Response| ([(header::CONNECTION, "close")], response)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn turn(State(seen): State<Arc<Seen>>, Path(name): Path<String>) {
    seen.turn.send_replace(name);
}

async fn outcomes(State(seen): State<Arc<Seen>>, body: Bytes) {
    seen.outcomes.send_replace(Some(serde_json::from_slice(&body).unwrap()));
}

/// Accepts all requests and shows all answers, to pages too.
async fn control(State(seen): State<Arc<Seen>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::OPTIONS {
        seen.at_control.lock().unwrap().push(uri.path().to_owned());
    }
    let origin =
        headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or("*").to_owned();
    let allowed = [
        ("access-control-allow-origin", origin.as_str()),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, POST, PUT, DELETE"),
        ("access-control-allow-headers", "content-type"),
        ("content-type", "application/json"),
    ];
    (allowed, format!("{{\"description\": \"{MARKER}\"}}")).into_response()
}

/// Forwards the connections of the rebound name. Where a connection leads is decided when it is first
/// used: browsers open some ahead.
async fn rebind(listener: TcpListener, [page, control, belfry]: [String; 3], turn: watch::Receiver<String>) {
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let (turn, page, control, belfry) = (turn.clone(), page.clone(), control.clone(), belfry.clone());
        tokio::spawn(async move {
            near.peek(&mut [0]).await?;
            let address = match turn.borrow().as_str() {
                "control" => control,
                "belfry" => belfry,
                _ => page,
            };
            let mut far = TcpStream::connect(address).await?;
            tokio::io::copy_bidirectional(&mut near, &mut far).await
        });
    }
}
