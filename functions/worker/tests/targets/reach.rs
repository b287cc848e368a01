//! Tests of where requests go and where they don't, and of the messages when no answer comes.

use std::{io::ErrorKind, net::SocketAddr};

use belfry_engine::ports::Runner;
use belfry_worker::targets::{TargetSettings, Targets};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::support::{
    EXECUTION_ID, bounded, failure, invocation, post, result, run,
    server::{Server, answer},
    targets, until,
};

#[tokio::test]
async fn redirects_keep_to_the_origin_the_method_and_the_body() {
    let server = Server::start(|asked| {
        let to = |status, path| answer(status, &format!("location: {path}\r\n"), "");
        match asked.line.as_str() {
            "POST /old" => to("301 Moved Permanently", "/new"),
            "POST /new" => to("307 Temporary Redirect", "newest?x"),
            "POST /see" => to("303 See Other", "/done"),
            "POST /loop" => to("308 Permanent Redirect", "/loop"),
            "POST /bad" => to("302 Found", "http://["),
            _ => answer("200 OK", "", ""),
        }
    })
    .await;
    let targets = targets();
    result(&run(&targets, post(&server.url("/old"))).await);
    let last = server.asked().pop().unwrap();
    assert_eq!((last.line.as_str(), last.body.as_str()), ("POST /newest?x", r#"{"day":"Monday"}"#));
    assert_eq!(last.header("idempotency-key"), Some(EXECUTION_ID));

    result(&run(&targets, post(&server.url("/see"))).await);
    let last = server.asked().pop().unwrap();
    assert_eq!(
        (last.line.as_str(), last.body.as_str(), last.header("content-type")),
        ("GET /done", "", None)
    );

    let before = server.asked().len();
    let failed = failure(&run(&targets, post(&server.url("/loop"))).await);
    assert!(failed.is_final && failed.error == "more than 5 redirects", "{}", failed.error);
    assert_eq!(server.asked().len() - before, 6);
    assert!(failure(&run(&targets, post(&server.url("/bad"))).await).is_final);
}

#[tokio::test]
async fn redirects_to_another_host_port_or_scheme_are_refused() {
    let other = Server::agreeable().await;
    let targets = targets();
    for location in [
        other.url("/?token=s3cret"),
        "https://127.0.0.1/".into(),
        "//example.com/".into(),
        "ftp://127.0.0.1/".into(),
    ] {
        let headers = format!("location: {location}\r\n");
        let server = Server::start(move |_| answer("302 Found", &headers, "")).await;
        let failed = failure(&run(&targets, post(&server.url("/"))).await);
        assert!(failed.is_final && failed.error.starts_with("redirected to "), "{}", failed.error);
        assert!(!failed.error.contains("s3cret"));
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn private_addresses_are_refused_by_number_and_by_name() {
    let server = Server::agreeable().await;
    let (careful, careless) = (Targets::new(TargetSettings::default()).unwrap(), targets());
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "LOCALHOST"] {
        let failed = failure(&run(&careful, post(&format!("http://{host}:{}/", server.port))).await);
        assert!(failed.is_final, "{host}: {}", failed.error);
        assert!(
            failed.error.contains("this worker allows no HTTP targets at such addresses"),
            "{}",
            failed.error
        );
    }
    let failed = failure(&run(&careful, post("http://169.254.169.254/latest/meta-data")).await);
    assert!(
        failed.is_final && failed.error.contains("169.254.169.254 is a link-local address"),
        "{}",
        failed.error
    );
    assert!(server.asked().is_empty());
    let by_name = post(&format!("http://localhost:{}/", server.port));
    result(&run(&careless, by_name).await);
}

/// Server that sends `greeting` to every client, and hangs up.
async fn rude(greeting: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting).await.ok();
        }
    });
    address
}

#[tokio::test]
async fn no_answer_is_worth_another_try_and_says_why() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nhalf";
    let cut = Server::start(|_| cut.to_owned()).await;
    let targets = targets();
    for (url, expected) in [
        // Nobody listens there, and no other test is given that port.
        ("http://127.0.0.1:1/".to_owned(), "connection refused (http://127.0.0.1"),
        ("http://no-such-host.invalid/secret".to_owned(), "no-such-host.invalid"),
        (format!("http://{}/", rude(b"").await), "connection "),
        (format!("https://{}/", rude(b"HTTP/1.1 400 Bad Request\r\n\r\n").await), "TLS: "),
        (cut.url("/"), "HTTP 200 OK, but the body ended early: "),
    ] {
        let failed = failure(&run(&targets, post(&url)).await);
        assert!(!failed.is_final && failed.error.contains(expected), "{} / {expected}", failed.error);
        assert!(!failed.error.contains("secret"));
    }
}

#[tokio::test]
async fn stop_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let invocation = invocation(post(&url));
    let stop = invocation.stop.clone();
    let targets = targets();
    let task = tokio::spawn(async move { targets.run(invocation).await });
    let (stream, _) = bounded(listener.accept()).await.unwrap();
    stop.cancel();
    let failed = failure(&bounded(task).await.unwrap());
    assert_eq!((failed.error.as_str(), failed.is_final), ("stopped", false));
    let is_closed = || {
        let mut buffer = [0; 4096];
        matches!(stream.try_read(&mut buffer), Ok(0))
            || matches!(stream.try_read(&mut buffer), Err(error) if error.kind() != ErrorKind::WouldBlock)
    };
    until("the connection is closed", is_closed).await;
}
