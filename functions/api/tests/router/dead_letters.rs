use serde_json::{Value, json};

use crate::support::Api;

async fn with_three() -> Api {
    let api = Api::open();
    for name in ["a", "a", "b"] {
        api.post("/v1/executions", json!({"name": name, "command": "exit 3"})).await.ok(201);
    }
    api.work().await;
    api
}

async fn listed(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/v1/dead-letters{query}")).await.ok(200);
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["execution_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_ended_badly_is_listed_redriven_and_discarded() {
    let api = with_three().await;
    let page = api.get("/v1/dead-letters").await.ok(200);
    assert_eq!(
        (&page["items"][0]["reason"], &page["items"][0]["attempts"]),
        (&json!("exit status 3"), &json!(1))
    );
    assert_eq!(page["items"][0]["failed_at"], "2026-11-23T12:00:30.000Z");
    let of_a = listed(&api, "?job_id=a").await;
    assert_eq!((of_a.len(), listed(&api, "").await.len()), (2, 3));

    let redriven =
        api.post("/v1/dead-letters:redrive", json!({"execution_ids": [of_a[0], "a@nobody"]})).await.ok(200);
    assert_eq!(redriven["results"][0]["redriven_as"], format!("{}~2", of_a[0]));
    assert_eq!(
        (&redriven["results"][1]["status"], &redriven["results"][1]["redriven_as"]),
        (&json!(404), &Value::Null)
    );
    assert_eq!(redriven["remaining"], 2);
    let twice = api.post("/v1/dead-letters:redrive", json!({"execution_ids": [of_a[0]]})).await.ok(200);
    assert_eq!(twice["results"][0]["status"], 409);

    let of_job = api.post("/v1/dead-letters:redrive", json!({"job_id": "a"})).await.ok(200);
    assert_eq!((of_job["results"].as_array().unwrap().len(), &of_job["remaining"]), (1, &json!(0)));
    let left = listed(&api, "").await;
    api.delete(&format!("/v1/dead-letters/{}", left[0])).await.ok(204);
    api.delete(&format!("/v1/dead-letters/{}", left[0])).await.problem(404);
    assert_eq!(
        api.post("/v1/dead-letters:redrive", json!({"all": true})).await.ok(200)["results"],
        json!([])
    );
}

#[tokio::test]
async fn a_redrive_names_its_letters_in_exactly_one_way() {
    let api = Api::open();
    for bad in [
        json!({}),
        json!({"all": false}),
        json!({"all": true, "job_id": "a"}),
        json!({"execution_ids": []}),
        json!({"execution_ids": ["a"]}),
        json!({"job": "a"}),
        json!([]),
    ] {
        api.post("/v1/dead-letters:redrive", bad).await.problem(422);
    }
    api.get("/v1/dead-letters?job_id=a%2Fb").await.problem(400);
    api.delete("/v1/dead-letters/a").await.problem(400);
}
