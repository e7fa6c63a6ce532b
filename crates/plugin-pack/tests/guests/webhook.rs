//! `webhook`: what changed is told once, also by a webhook that is busy.

use crate::packages::{all_granted, package};
use crate::running::Running;
use crate::servers::http;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_once_though_the_webhook_is_busy_at_first() {
    let health = Arc::new(AtomicU16::new(200));
    let told: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (page, hook) = (health.clone(), told.clone());
    let port = http(move |line, body| {
        if line.starts_with("GET /health ") {
            return (page.load(Ordering::SeqCst), "");
        }
        assert!(line.starts_with("POST /hooks/build "), "{line}");
        let mut told = hook.lock();
        told.push(serde_json::from_str(body).unwrap());
        if told.len() == 1 { (503, "retry-after: 0\r\n") } else { (204, "") }
    })
    .await;
    let package = package("webhook", |text| text.replace("[8766]", &format!("[{port}]")));
    let grants = all_granted(&package);
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let config = json!({ "page": at("/health"), "hook": at("/hooks/build"), "every_ms": 20 });
    let mut webhook = Running::start(package, grants, config).await;
    webhook.status("the page answers with 200").await;
    assert!(told.lock().is_empty(), "what was seen first is nothing new");
    health.store(503, Ordering::SeqCst);
    let message = webhook.notice().await;
    assert!(message.ends_with("answers with 503, before with 200"), "{message}");
    webhook.status("the page answers with 503").await;
    webhook.end().await;
    let one = json!({ "page": at("/health"), "before": 200, "now": 503 });
    assert_eq!(*told.lock(), [one.clone(), one], "once refused, once taken");
}
