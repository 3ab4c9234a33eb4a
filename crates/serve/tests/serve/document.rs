//! The document, held against the server.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Served, Told, config};

/// Everything a `$ref` points at.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(target) if name == "$ref" => {
                        found.insert(target.clone());
                    }
                    field => references(field, found),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                references(item, found);
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_path_answers_as_documented() {
    let told = Told {
        // Enough to be drawn.
        splats: 100,
        ..Told::ready()
    };
    let served = Served::open(config(), told).await;
    let job = served
        .post_json("/v1/jobs", &json!({ "prompt": "a" }))
        .await;
    let job: Value = job.json().await.unwrap();
    let job = job["id"].as_str().unwrap();
    served.until(|load| load.jobs_unfinished == 0).await;

    let document = served.get_json("/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let (mut asked, mut amiss) = (0, Vec::new());
    let paths = document["paths"].as_object().unwrap();
    // What deletes the job comes last.
    let mut operations: Vec<(&String, &String, &Value)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let operations = item.as_object().unwrap();
            operations
                .iter()
                .map(move |(method, operation)| (path, method, operation))
        })
        .collect();
    operations.sort_by_key(|(_, method, _)| *method == "delete");
    for (path, method, operation) in operations {
        for id in [job, "unknown"] {
            let url = format!("{}{}", served.base, path.replace("{id}", id));
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let request = served.client.request(method.clone(), &url);
            let request = match method {
                Method::POST => request.json(&json!({})),
                _ => request,
            };
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let documented = operation["responses"][status.to_string()].as_object();
            let Some(documented) = documented else {
                amiss.push(format!("{method} {path}: {status}"));
                continue;
            };
            let kinds = documented.get("content").and_then(Value::as_object);
            let kind = answer.headers().get("content-type");
            match (kinds, kind) {
                (Some(kinds), Some(kind)) => {
                    let kind = kind.to_str().unwrap();
                    let is_known = kinds.keys().any(|known| kind.starts_with(known.as_str()));
                    if !is_known {
                        amiss.push(format!("{method} {path}: {kind}"));
                    }
                }
                (None, None) => {}
                (kinds, kind) => amiss.push(format!("{method} {path}: {kinds:?}, {kind:?}")),
            }
            if id == "unknown" && path.contains("{id}") {
                assert_eq!(status, 404, "{method} {path}");
            } else if method != Method::POST && path != "/results" {
                assert!(answer.status().is_success(), "{method} {path}: {status}");
            }
            asked += 1;
            if !path.contains("{id}") {
                break;
            }
        }
    }
    assert!(amiss.is_empty(), "not documented: {amiss:#?}");
    assert!(asked >= 20, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_whole() {
    let served = Served::open(config(), Told::ready()).await;
    let document = served.get_json("/openapi.json").await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(
                operation["summary"].as_str().is_some(),
                "{name}: no summary"
            );
            assert!(operation["operationId"].as_str().is_some(), "{name}");
            let named = path.matches('{').count();
            let parameters = operation["parameters"].as_array();
            let described = parameters.into_iter().flatten();
            let described = described.filter(|parameter| parameter["in"] == "path");
            assert_eq!(described.count(), named, "{name}");
        }
    }
    let bodies = &document["paths"]["/generate"]["post"]["requestBody"]["content"];
    assert!(bodies["multipart/form-data"].is_object(), "{bodies}");
    assert!(bodies["application/json"].is_object(), "{bodies}");
    let health = &document["components"]["schemas"]["Health"]["properties"];
    assert!(health["generators"]["description"].is_string(), "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_in_json() {
    let served = Served::open(config(), Told::ready()).await;
    for (method, path, status) in [
        (Method::GET, "/", 404),
        (Method::GET, "/v1", 404),
        (Method::POST, "/v1/jobs/", 404),
        (Method::GET, "/generate", 405),
        (Method::PUT, "/v1/jobs", 405),
        (Method::DELETE, "/status", 405),
    ] {
        let request = served
            .client
            .request(method, format!("{}{path}", served.base));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let said: Value = answer.json().await.unwrap();
        assert!(said["detail"].as_str().unwrap().contains("/openapi.json"));
    }
}
