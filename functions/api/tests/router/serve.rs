use std::{sync::Arc, time::Duration};

use crate::support::Api;

#[tokio::test]
#[ignore = "serves for ever, for tools that need a running server"]
async fn serve() {
    let api = Arc::new(Api::guarded());
    let address = std::env::var("BELFRY_TEST_LISTEN").unwrap_or_else(|_| "127.0.0.1:7499".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = api.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        api.clock.advance(Duration::from_millis(200));
        api.work().await;
    }
}
