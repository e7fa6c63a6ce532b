//! Making, listing and showing workers.

use crate::support::{Story, Target};
use protocol::WorkerId;
use serde_json::{Value, json};

fn id(n: u128) -> WorkerId {
    WorkerId::from_parts(1_700_000_000_000, n)
}

pub async fn a_worker_is_made_once(target: &Target, story: &mut Story) {
    let path = target.path("/workers");
    let body = json!({"worker_id": id(1), "display_name": "One", "labels": {"team": "core"}}).to_string();
    let made = target.ask(story, "POST", &path, Some(&body)).await;
    let detail = made.good(201);
    assert_eq!(made.header("location"), Some(target.of(id(1), "").as_str()));
    let again = target.ask(story, "POST", &path, Some(&body)).await;
    assert_eq!(again.good(200)["worker_id"], id(1).to_string());
    assert_eq!(again.header("location"), None);
    assert_eq!(again.json(), detail);
    assert_eq!((detail["display_name"].as_str(), detail["profile"].as_str()), (Some("One"), Some("echo")));

    let other = json!({"worker_id": id(1), "display_name": "Another", "labels": {"team": "core"}}).to_string();
    assert_eq!(target.ask(story, "POST", &path, Some(&other)).await.code(), "worker_exists");
    let own = target.ask(story, "POST", &path, Some("{}")).await.good(201);
    let own: WorkerId = own["worker_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(target.detail(own).await["display_name"], "echo");
}

pub async fn what_cannot_be_made_is_refused(target: &Target, story: &mut Story) {
    let path = target.path("/workers");
    for (body, code, named) in [
        (r#"{"profil":"echo"}"#, "invalid_input", "profil"),
        (r#"{"labels":{"a":1}}"#, "invalid_input", "labels"),
        (r#"{"worker_id":"w_1"}"#, "invalid_input", "worker_id"),
        (r#"{"display_name":["x"]}"#, "invalid_input", "display_name"),
        (r#"{"labels":{"a b":"x"}}"#, "invalid_input", "label"),
        (r#"{"workdir":"relative"}"#, "invalid_input", "workdir"),
        (r#"{"profile":"nobody"}"#, "profile_not_found", "nobody"),
        ("{", "invalid_input", ""),
        ("[]", "invalid_input", ""),
        ("", "invalid_input", ""),
    ] {
        let reply = target.ask(story, "POST", &path, Some(body)).await;
        assert_eq!(reply.code(), code, "{body}");
        assert!(reply.json()["detail"].as_str().unwrap().contains(named), "{body}: {}", reply.text());
    }
    let long = json!({"display_name": "x".repeat(201)}).to_string();
    assert_eq!(target.ask(story, "POST", &path, Some(&long)).await.code(), "invalid_input");
    let large = json!({"display_name": "x".repeat(2 << 20)}).to_string();
    let reply = target.plain("POST", &path, Some(&large)).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "payload_too_large"));
    story.reply("too large", &reply);
    let text = target.with("POST", &path, &[("content-type", "text/plain")], Some("{}")).await;
    story.reply("as text", &text);
    let list = target.plain("GET", &path, None).await.good(200);
    let made = list["workers"].as_array().unwrap().len();
    assert_eq!(made, usize::from(text.status == 201), "{}", text.text());
}

/// The numbers of the workers of a list.
fn numbers(list: &Value) -> Vec<u128> {
    let id_of = |row: &Value| row["worker_id"].as_str().unwrap().parse::<WorkerId>().unwrap();
    let number = |id_here: WorkerId| (0..100).find(|n| id(*n) == id_here).unwrap();
    list["workers"].as_array().unwrap().iter().map(|row| number(id_of(row))).collect()
}

pub async fn workers_are_listed_in_pages(target: &Target, story: &mut Story) {
    let path = target.path("/workers");
    for n in 1..=5 {
        let labels = if n % 2 == 1 { json!({"team": "core", "n": n.to_string()}) } else { json!({"team": "else"}) };
        let body = json!({"worker_id": id(n), "profile": "script", "labels": labels}).to_string();
        target.plain("POST", &path, Some(&body)).await.good(201);
    }
    target.say(id(5), "steps 1").await;
    for (query, want) in [
        ("", vec![1, 2, 3, 4, 5]),
        ("?label=team%3Dcore", vec![1, 3, 5]),
        ("?label=team", vec![1, 2, 3, 4, 5]),
        ("?label=team%3Dcore&label=n%3D3", vec![3]),
        ("?label=nothing", vec![]),
        ("?status=idle", vec![1, 2, 3, 4]),
        ("?status=running&label=team%3Dcore", vec![5]),
        ("?status=stopped", vec![]),
    ] {
        for (path, here) in [(path.clone(), ""), ("/api/workers".to_owned(), target.runtime_id.as_str())] {
            let query = match (query, here) {
                (query, "") => query.to_owned(),
                ("", here) => format!("?runtime={here}"),
                (query, here) => format!("{query}&runtime={here}"),
            };
            let list = target.ask(story, "GET", &format!("{path}{query}"), None).await.good(200);
            assert_eq!(numbers(&list), want, "{path}{query}");
            let rows = list["workers"].as_array().unwrap();
            assert!(rows.iter().all(|row| row["runtime_id"] == target.runtime_id.as_str()), "{list}");
            assert!(rows.iter().all(|row| row["affordances"].as_array().is_some_and(|a| a.len() > 5)), "{list}");
        }
    }
    for limit in 1..=6_usize {
        for (path, more) in [(path.clone(), String::new()), ("/api/workers".into(), format!("&runtime={}", target.runtime_id))] {
            let (mut found, mut page) = (Vec::new(), String::new());
            loop {
                let list = target.plain("GET", &format!("{path}?limit={limit}{more}{page}"), None).await.good(200);
                let here = numbers(&list);
                assert!(here.len() <= limit);
                found.extend(here);
                let Some(next) = list["next_page"].as_str() else { break };
                page = format!("&page={next}");
            }
            assert_eq!(found, [1, 2, 3, 4, 5], "{path} by {limit}");
        }
    }
    for query in ["limit=0", "limit=501", "limit=x", "page=nothing", "status=bored", "lable=x", "limit=1&limit=2"] {
        for path in [path.as_str(), "/api/workers"] {
            let reply = target.ask(story, "GET", &format!("{path}?{query}"), None).await;
            assert_eq!(reply.code(), "invalid_input", "{path}?{query}");
        }
    }
    let reply = target.ask(story, "GET", "/api/workers?runtime=nobody", None).await;
    assert_eq!(reply.code(), "runtime_not_found");
}

pub async fn a_detail_says_where_and_what(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    target.say(worker, "all").await;
    let told = watcher.up_to(crate::support::is_idle).await;
    let Some(crate::support::Got::Event(last)) = told.last() else { panic!("{told:?}") };
    let detail = target.settled(worker).await;
    assert_eq!(detail["cursor"], last.cursor, "the cursor of the same event");
    assert_eq!(detail["runtime_id"], target.runtime_id.as_str());
    let may = ["observe", "transcript", "input", "cancel", "approve", "stop", "resume", "delete"];
    let told: Vec<_> = detail["affordances"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    assert_eq!(told, may);
    let events = target.behind.runtime.catalogue().get(worker).unwrap().events;
    assert_eq!(detail["events"], events);
    assert_eq!(detail["usage"]["cost_usd"], 0.5, "totals that nobody here knows");
    let list = target.plain("GET", &target.path("/workers"), None).await.good(200);
    assert_eq!(list["workers"][0], detail, "a row is a detail");
    // the runtime's own cursor is another, and opens nothing here
    let own = target.direct("GET", &format!("/v1/workers/{worker}")).await.json();
    assert_ne!(own["cursor"], detail["cursor"]);
    let query = format!("cursor={}&on_gap=close", own["cursor"].as_str().unwrap());
    let words = target.watch(worker, &query).await.words_to_the_end().await;
    assert_eq!(words, ["cursor_unknown", "4409"]);
    story.reply("detail", &target.plain("GET", &target.of(worker, ""), None).await);
    for name in [WorkerId::from_parts(9, 9).to_string(), "w_1".into(), "%ff".into(), "..%2f..".into()] {
        let reply = target.ask(story, "GET", &target.path(&format!("/workers/{name}")), None).await;
        assert_eq!(reply.code(), "worker_not_found", "{name}");
    }
}
