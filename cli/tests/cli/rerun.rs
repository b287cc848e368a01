//! The commands of docs/reruns.md, as they stand there.

use std::time::{Duration, Instant};

use crate::support::{Server, examples};
use serde_json::{Value, json};

fn ended(server: &Server, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let shown = server.run(&["executions", "show", id, "--json"]);
        if shown.code() == 0 && !shown.json()["end_time"].is_null() {
            return shown.json();
        }
        assert!(Instant::now() < deadline, "{id} has not ended: {}", shown.err());
    }
}

#[test]
fn a_graph_is_run_again_from_what_failed_of_it() {
    let server = Server::start(&[]);
    let file = examples().join("rerun.yaml");
    server.run(&["apply", "-f", file.to_str().unwrap()]).ok();
    server.run(&["trigger", "collect", "--key", "monday"]).ok();
    assert_eq!(ended(&server, "summary@monday")["status"], "upstream_failed");

    let planned = server.run(&["rerun", "--run", "collect@monday", "--dry-run"]).ok().out();
    assert!(planned.ends_with("dry run: nothing was changed\n"), "{planned}");
    assert!(planned.contains("weather@monday~2") && planned.contains("prices@monday"), "{planned}");
    let begun = server.run(&["rerun", "--run", "collect@monday", "--json"]).ok().json();
    assert_eq!(begun["results"][0]["follows"], json!(["summary@monday~2"]));
    let summary = ended(&server, "summary@monday~2");
    assert_eq!(summary["result"], json!({"average": 12.5, "rain": true}));
    assert_eq!(server.run(&["executions", "show", "prices@monday~2"]).code(), 1, "it was kept");

    assert_eq!(server.run(&["rerun", "--run", "collect@monday"]).code(), 1);
    assert_eq!(server.run(&["rerun", "--job", "weather"]).ok().out(), "no executions match\n");
    assert_eq!(server.run(&["rerun"]).code(), 2);
    assert_eq!(server.run(&["rerun", "a@b", "--job", "weather"]).code(), 2);
    let refused = server.run(&["rerun", "weather@tuesday"]);
    assert!(refused.code() == 1 && refused.out().contains("does not exist"), "{}", refused.out());
}
