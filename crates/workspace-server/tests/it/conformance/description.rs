//! The API's description: what it names is there, and what is there it names.
//!
//! That answers are as it says is checked with every answer of every case.

use crate::support::{World, exchange};
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_that_is_described_is_there_and_no_other() {
    let world = World::start().await;
    let target = &world.targets[0];
    let worker = target.make(1, "script").await;
    let served = target.plain("GET", "/api/openapi.json", None).await;
    assert_eq!(served.json(), target.api.document, "what is served is what is committed");
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut met = 0;
    for (template, method, operation) in target.api.operations() {
        let path = template
            .replace("{runtime_id}", target.runtime_id.as_str())
            .replace("{worker_id}", &worker.to_string())
            .replace("{approval_id}", "none")
            .replace("{ticket_id}", "00001KVZKSTJT")
            .replace("{kind}", "blocks")
            .replace("{target}", "00001KVZKSTJT");
        assert!(!path.contains('{'), "{path}");
        methods.entry(path.clone()).or_default().insert(method.to_uppercase());
        met += 1;
        if operation["responses"]["200"]["content"].get("text/event-stream").is_some() {
            // a stream without an end
            crate::support::Sse::connect(target.backend, &path, &[]).await;
            continue;
        }
        let body = operation.get("requestBody").map(|_| "{}");
        let reply = target.plain(&method.to_uppercase(), &path, body).await;
        let code = if reply.status >= 400 { reply.code() } else { String::new() };
        assert!(code != "not_found" && code != "method_not_allowed", "{method} {path}: {}", reply.text());
    }
    assert!(met >= 20, "{met}");
    for (path, mut described) in methods {
        if described.contains("GET") {
            described.insert("HEAD".to_owned());
        }
        let reply = exchange(target.backend, "BREW", &path, &[], None).await;
        assert_eq!((reply.status, reply.code().as_str()), (405, "method_not_allowed"), "{path}");
        let allowed: BTreeSet<_> =
            reply.header("allow").unwrap().split(',').map(|name| name.trim().to_owned()).collect();
        assert_eq!(allowed, described, "{path}");
    }
}
