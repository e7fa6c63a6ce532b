//! What is not to come through: names that are paths, records that are broken, too much at once.

use super::bench::Bench;
use serde_json::json;
use std::time::Duration;
use yoi_workspace_server::TicketsOptions;

#[tokio::test]
async fn a_name_that_is_no_id_never_reaches_the_disk() {
    let bench = Bench::new().await;
    bench.make("A").await;
    // what a path would find
    let outside = tempfile::tempdir().unwrap();
    let record = outside.path().join("item.md");
    let text = "---\ntitle: 'planted'\nstate: 'ready'\n---\n";
    std::fs::write(&record, text).unwrap();
    std::fs::write(bench.path("../item.md"), text).unwrap();
    std::os::unix::fs::symlink(outside.path(), bench.path("00001KVZKSTJT")).unwrap();
    let absolute = outside.path().to_str().unwrap().replace('/', "%2f");
    for name in [
        "..",
        "%2e%2e",
        ".",
        "%2e%2e%2f..%2fetc",
        &absolute,
        "%2fetc%2fpasswd",
        "00001kvzkstjt",
        "00001KVZKSTJT%00",
        "00001KVZKSTJT%2f..",
        "%ff",
        ".store",
        "ZZZZZZZZZZZZZ",
        &"0".repeat(2000),
    ] {
        let path = format!("/api/tickets/{name}");
        for (method, path, body) in [
            ("GET", path.clone(), None),
            ("POST", format!("{path}/events"), Some(json!({"kind": "comment", "body": "x"}))),
            ("POST", format!("{path}/state"), Some(json!({"to": "queued"}))),
            ("POST", format!("{path}/relations"), Some(json!({"kind": "related", "target": "00001KVZKSTJT"}))),
            ("DELETE", format!("{path}/relations/related/00001KVZKSTJT"), None),
        ] {
            let reply = bench.ask("ada", method, &path, body).await;
            assert_eq!(reply.told(), (404, "ticket_not_found".to_owned()), "{method} {path}: {reply:?}");
            assert!(!reply.body.contains("planted"), "{reply:?}");
        }
    }
    // a link is no record, whatever it is called
    for (method, rest, body) in [("GET", "", None), ("POST", "/events", Some(json!({"kind": "comment", "body": "x"})))]
    {
        let reply = bench.ask("ada", method, &format!("/api/tickets/00001KVZKSTJT{rest}"), body).await;
        assert!((400..500).contains(&reply.status) && !reply.body.contains("planted"), "{reply:?}");
        assert!(!reply.body.contains(outside.path().to_str().unwrap()), "{reply:?}");
    }
    assert_eq!(bench.titles("").await, ["A"]);
    assert_eq!(std::fs::read_to_string(&record).unwrap(), text);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_record_that_is_broken_hides_no_other() {
    let bench = Bench::new().await;
    let good = bench.make("Good").await;
    let broken = "00001KVZKSTJT";
    std::fs::create_dir(bench.path(broken)).unwrap();
    std::fs::write(bench.path(&format!("{broken}/item.md")), "---\ntitle: 'Bad'\nstate: 'sideways'\n---\n").unwrap();
    std::fs::create_dir_all(bench.path(&format!("{good}/artifacts"))).unwrap();
    std::fs::write(bench.path(&format!("{good}/artifacts/relations.json")), "{").unwrap();
    let list = bench.get("/api/tickets").await;
    assert_eq!(bench.titles("").await, ["Good"]);
    let problems = list["problems"].as_array().unwrap();
    let places: Vec<_> = problems.iter().map(|problem| problem["file"].as_str().unwrap()).collect();
    let wanted = [format!("{broken}/item.md"), format!("{good}/artifacts/relations.json")];
    assert!(wanted.iter().all(|file| places.contains(&file.as_str())), "{list}");
    let unknown = problems.iter().find(|problem| problem["code"] == "state_unknown").unwrap();
    assert_eq!((&unknown["line"], unknown["message"].as_str()), (&json!(3), Some("`sideways` is no state")));
    assert!(unknown["remedy"].as_str().unwrap().contains("planning"), "{unknown}");
    // it is told by itself as well, and nothing is written over it
    for (method, rest, body) in [("GET", "", None), ("POST", "/events", Some(json!({"kind": "comment", "body": "x"})))]
    {
        let reply = bench.ask("ada", method, &format!("/api/tickets/{broken}{rest}"), body).await;
        assert_eq!(reply.told(), (422, "ticket_malformed".to_owned()), "{reply:?}");
        assert!(reply.json()["detail"].as_str().unwrap().starts_with(&wanted[0]), "{reply:?}");
    }
    assert!(!bench.path(&format!("{broken}/thread.md")).exists());
    let detail = bench.get(&format!("/api/tickets/{good}")).await;
    assert_eq!(detail["problems"][0]["file"], wanted[1].as_str());
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let bench = Bench::new().await;
    let id = bench.make("A").await;
    let long = "x".repeat(256 * 1024 + 1);
    for body in [
        json!({"title": " "}),
        json!({"title": "a\nb"}),
        json!({"title": "x".repeat(513)}),
        json!({"title": "x", "body": long}),
        json!({"title": "x", "risk_flags": vec!["f"; 65]}),
        json!({"title": "x", "idempotency_key": "k".repeat(201)}),
        json!({"title": "x", "author": "ada"}),
        json!({}),
    ] {
        assert_eq!(bench.post("/api/tickets", body).await.told(), (400, "invalid_input".to_owned()));
    }
    let huge = json!({"title": "x", "body": "x".repeat(2 << 20)});
    assert_eq!(bench.post("/api/tickets", huge).await.told(), (413, "payload_too_large".to_owned()));
    for body in [
        json!({"kind": "state_changed", "body": "x"}),
        json!({"kind": "a b", "body": "x"}),
        json!({"kind": "comment", "body": " "}),
        json!({"kind": "comment", "body": "x", "heading": "a\n---\n"}),
    ] {
        let reply = bench.post(&format!("/api/tickets/{id}/events"), body).await;
        assert_eq!(reply.told(), (400, "invalid_input".to_owned()), "{reply:?}");
    }
    assert_eq!(bench.titles("").await, ["A"]);
}

#[tokio::test]
async fn a_store_that_somebody_else_writes_is_busy() {
    let bench = Bench::with(|parts| {
        let options: &mut TicketsOptions = parts.tickets.as_mut().unwrap();
        options.store = options.store.clone().with_patience(Duration::from_millis(50));
    })
    .await;
    let id = bench.make("A").await;
    let lock = std::fs::File::open(bench.path(".store/lock")).unwrap();
    lock.lock().unwrap();
    let reply = bench.go(&id, "ready").await;
    assert_eq!(reply.told(), (503, "ticket_busy".to_owned()));
    assert_eq!((&reply.json()["retryable"], reply.header("retry-after")), (&json!(true), Some("1")));
    assert!(!reply.body.contains(&std::process::id().to_string()), "{reply:?}");
    // who only looks does not wait
    assert_eq!(bench.get(&format!("/api/tickets/{id}")).await["state"], "planning");
    lock.unlock().unwrap();
    bench.go(&id, "ready").await.good(200);
}

#[tokio::test]
async fn a_disk_that_fails_is_told_without_its_place() {
    let bench = Bench::new().await;
    let folder = bench.store.path();
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    std::fs::write(folder, "no folder").unwrap();
    for reply in
        [bench.ask("vera", "GET", "/api/tickets", None).await, bench.post("/api/tickets", json!({"title": "A"})).await]
    {
        assert_eq!(reply.told(), (500, "internal".to_owned()), "{reply:?}");
    }
}
