//! Workers that are hidden: nothing tells them from those that are not there.

use super::stage::{Stage, a_while, everybody, of, principal, token, workers};
use crate::support::{Got, Switch, Watcher, parts, until};
use protocol::{Role, WorkerId};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use worker_runtime::server::{Server, ServerOptions};
use yoi_access::{Directory, Principals, Roles, RolesRules};
use yoi_workspace_server::registry::{RemoteSpec, RuntimeSpec};

/// `vera` does not see what is labelled `secret`; `tom`, an operator, sees `team=core` only.
async fn stage() -> Stage {
    let mut rules = RolesRules::default();
    rules.viewer.hide = vec!["secret".parse().unwrap()];
    let tom = principal("tom", &Role::Operator, &["team=core"], &token("tom"));
    let all = everybody();
    let all = Principals::new(all.iter().map(|p| (**p).clone()).chain([tom])).unwrap();
    Stage::ruled(rules.clone(), |parts| {
        parts.policy = Arc::new(Roles::new(rules, &all));
        parts.directory = Arc::new(Directory::new(all));
    })
    .await
}

/// What came, without the worker's name and the time of day.
fn masked(text: &str, worker: WorkerId) -> String {
    let lines = text.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    lines.collect::<Vec<_>>().join("\n").replace(&worker.to_string(), "WORKER")
}

const PATHS: &[(&str, &str)] = &[
    ("GET", ""),
    ("DELETE", ""),
    ("GET", "/transcript"),
    ("GET", "/transcript?limit=0"),
    ("GET", "/transcript?before=x"),
    ("GET", "/events"),
    ("GET", "/events?cursor=x&on_gap=close"),
    ("POST", "/input"),
    ("POST", "/cancel"),
    ("POST", "/stop"),
    ("POST", "/resume"),
    ("POST", "/approvals/b0"),
    ("PUT", ""),
    ("GET", "/nothing"),
];

#[tokio::test]
async fn one_that_is_hidden_answers_as_one_that_is_not_there() {
    let stage = stage().await;
    let secret = stage.make(1, &[("secret", "yes")]).await;
    stage.act(secret, "text:x\nthink:y").await;
    let absent = WorkerId::from_parts(1_700_000_000_000, 2);
    // somebody else watches it, so that there is a mirror
    let mut ada = stage.watch("ada", &of(secret, "/events/ws")).await;
    ada.events_up_to("ready").await;
    for who in ["vera", "tom"] {
        for (method, rest) in PATHS {
            let bodies = [
                None,
                Some(json!({"content": [{"type": "text", "text": "text:x"}]})),
                Some(json!({"option": "yes"})),
                Some(json!({"nonsense": 1})),
            ];
            for body in bodies.into_iter().filter(|body| *method == "POST" || body.is_none()) {
                let hidden = stage.ask(who, method, &of(secret, rest), body.clone()).await;
                let none = stage.ask(who, method, &of(absent, rest), body.clone()).await;
                assert!(hidden.status >= 400, "{who} {method} {rest}: {hidden:?}");
                let (hidden_all, none_all) = (hidden.head.clone() + &hidden.body, none.head + &none.body);
                assert_eq!(masked(&hidden_all, secret), masked(&none_all, absent), "{who} {method} {rest} {body:?}");
            }
        }
        for query in ["", "?cursor=x", "?on_gap=close&cursor=x", "?mode=live", "?mode=none"] {
            let mut told = Vec::new();
            for worker in [secret, absent] {
                let mut watcher = stage.watch(who, &of(worker, &format!("/events/ws{query}"))).await;
                let all = watcher.up_to(|got| matches!(got, Got::Closed(_) | Got::Lost)).await;
                told.push(masked(&format!("{all:?}"), worker));
            }
            assert_eq!(told[0], told[1], "{who} {query}");
        }
    }
    // and it is what it was
    assert_eq!(stage.ask("ada", "GET", &of(secret, ""), None).await.good(200)["status"], "idle");
}

/// What is known here of a hidden worker, and of none that is not there, tells them apart least of
/// all while nobody can ask its runtime.
#[tokio::test]
async fn they_are_the_same_while_their_runtime_is_away() {
    let behind = super::stage::runtime(super::stage::RUNTIME).await;
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()), behind.clone()).await.unwrap();
    let (to, cancel) = (server.local_addr(), CancellationToken::new());
    tokio::spawn(server.run(cancel.clone()));
    let _serving = cancel.drop_guard();
    let mut switch = Switch::to(to).await;
    let spec = RemoteSpec::new(super::stage::RUNTIME.parse().unwrap(), format!("http://{}", switch.address));
    let mut rules = RolesRules::default();
    rules.viewer.hide = vec!["secret".parse().unwrap()];
    let mut parts = parts(vec![RuntimeSpec::Remote(Box::new(spec))], 7);
    parts.directory = Arc::new(Directory::new(everybody()));
    parts.policy = Arc::new(Roles::new(rules, &everybody()));
    let stage = Stage::start(parts, behind).await;
    until("the runtime is up", || async {
        let row = stage.ask("ada", "GET", "/api/runtimes/box", None).await.good(200);
        (row["link"] == "up").then_some(())
    })
    .await;
    let secret = stage.make(1, &[("secret", "yes")]).await;
    let absent = WorkerId::from_parts(1_700_000_000_000, 2);
    // there is a mirror, and it is known as well as can be
    let mut ada = stage.watch("ada", &of(secret, "/events/ws")).await;
    ada.events_up_to("ready").await;
    let mut workspace = stage.watch("ada", "/api/events/ws").await;
    workspace.up_to(|got| matches!(got, Got::Event(told) if told.json.contains(&secret.to_string()))).await;
    switch.cut();
    ada.up_to(|got| got.word() == "link down").await;
    for (method, rest) in PATHS.iter().filter(|(_, rest)| !rest.starts_with("/events")) {
        let body = (*rest == "/input").then(|| json!({"content": [{"type": "text", "text": "text:x"}]}));
        let hidden = stage.ask("vera", method, &of(secret, rest), body.clone()).await;
        let none = stage.ask("vera", method, &of(absent, rest), body).await;
        let told =
            |reply: &super::stage::Reply| (reply.status, reply.json()["code"].clone(), reply.json()["detail"].clone());
        assert_eq!(told(&hidden), told(&none), "{method} {rest}");
    }
    let mut both = Vec::new();
    for worker in [secret, absent] {
        let mut watcher = stage.watch("vera", &of(worker, "/events/ws")).await;
        let first = masked(&format!("{:?}", watcher.next().await), worker);
        both.push((watcher, first));
    }
    assert_eq!(both[0].1, both[1].1);
    assert!(both[0].1.contains("runtime_unavailable"), "{}", both[0].1);
    switch.restore().await;
    for (watcher, _) in &mut both {
        assert_eq!(watcher.words_to_the_end().await, ["worker_not_found", "4404"]);
    }
}

#[tokio::test]
async fn a_cursor_of_a_hidden_worker_opens_nothing() {
    let stage = stage().await;
    let secret = stage.make(1, &[("secret", "yes")]).await;
    stage.act(secret, "text:hush").await;
    let mut ada = stage.watch("ada", &of(secret, "/events/ws")).await;
    let cursor = ada.events_up_to("ready").await.pop().unwrap().cursor;
    let mut vera = stage.watch("vera", &of(secret, &format!("/events/ws?cursor={cursor}"))).await;
    assert_eq!(vera.words_to_the_end().await, ["worker_not_found", "4404"]);
}

/// Everything that a list gives, page by page.
async fn pages(stage: &Stage, who: &str, path: &str, limit: usize) -> Vec<Vec<String>> {
    let (mut all, mut page) = (Vec::new(), String::new());
    loop {
        let list = stage.ask(who, "GET", &format!("{path}?limit={limit}{page}"), None).await.good(200);
        let ids = list["workers"].as_array().unwrap().iter();
        all.push(ids.map(|row| row["worker_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        assert!(!list.to_string().contains("secret"), "{list}");
        match list["next_page"].as_str() {
            Some(next) => page = format!("&page={next}"),
            None => return all,
        }
        assert!(all.len() < 50, "{all:?}");
    }
}

/// Neither short pages, nor where a page ends, nor one more that is empty.
#[tokio::test]
async fn lists_are_as_if_there_were_no_others() {
    let stage = stage().await;
    let mut seen = Vec::new();
    // hidden ones first, last, and several in a row
    for (n, is_hidden) in [1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 1].into_iter().enumerate() {
        let labels: &[_] = if is_hidden == 1 { &[("secret", "yes")] } else { &[("team", "core")] };
        let worker = stage.make(n as u128 + 1, labels).await;
        if is_hidden == 0 {
            seen.push(worker.to_string());
        }
    }
    for who in ["vera", "tom"] {
        for path in [workers(), "/api/workers".to_owned()] {
            for limit in [1, 2, 3, 4, 5, 6, 100] {
                let expected: Vec<Vec<_>> = seen.chunks(limit).map(<[_]>::to_vec).collect();
                assert_eq!(pages(&stage, who, &path, limit).await, expected, "{who} {path} {limit}");
            }
            let labelled = stage.ask(who, "GET", &format!("{path}?label=secret&limit=1"), None).await.good(200);
            assert_eq!((&labelled["workers"], &labelled["next_page"]), (&json!([]), &Value::Null), "{who} {path}");
            for wrong in ["limit=0", "limit=501", "page=x", "status=x"] {
                let reply = stage.ask(who, "GET", &format!("{path}?{wrong}"), None).await;
                assert_eq!(reply.told(), (400, "invalid_input".to_owned()), "{who} {path} {wrong}");
            }
        }
    }
    assert_eq!(stage.ask("ada", "GET", "/api/workers", None).await.good(200)["workers"].as_array().unwrap().len(), 12);
}

/// Everything of the workspace's stream until nothing comes for a while.
async fn workspace(watcher: &mut Watcher, until_saw: WorkerId) -> String {
    let got = watcher.up_to(|got| matches!(got, Got::Event(told) if told.json.contains(&until_saw.to_string()))).await;
    format!("{got:?}")
}

#[tokio::test]
async fn a_workspace_s_stream_and_its_totals_tell_of_no_hidden_worker() {
    let stage = stage().await;
    let before = stage.make(1, &[("secret", "yes")]).await;
    let (mut vera, mut tom) = (stage.watch("vera", "/api/events/ws").await, stage.watch("tom", "/api/events/ws").await);
    let mut ada = stage.watch("ada", "/api/events/ws").await;
    let hidden = stage.make(2, &[("secret", "yes")]).await;
    stage.act(hidden, "text:hush").await;
    stage.ask("ada", "POST", &of(hidden, "/stop"), None).await.good(200);
    stage.ask("ada", "DELETE", &of(hidden, ""), None).await.good(204);
    let seen = stage.make(3, &[("team", "core")]).await;
    for watcher in [&mut vera, &mut tom] {
        let all = workspace(watcher, seen).await;
        for word in [
            before.to_string(),
            hidden.to_string(),
            "secret".to_owned(),
            "\\\"counts".to_owned(),
            "\\\"bytes".to_owned(),
        ] {
            assert!(!all.contains(&word), "{word}: {all}");
        }
    }
    let all = workspace(&mut ada, seen).await;
    assert!(all.contains(&before.to_string()) && all.contains(&hidden.to_string()), "{all}");
    for path in ["/api/runtimes", "/api/runtimes/box"] {
        for who in ["vera", "tom"] {
            let row = stage.ask(who, "GET", path, None).await;
            assert!(!row.body.contains("counts") && !row.body.contains("\"store\""), "{who}: {row:?}");
        }
        until("the counts are known", || async {
            let row = stage.ask("ada", "GET", path, None).await;
            (row.body.contains("\"counts\"")).then_some(())
        })
        .await;
    }
    // one that joins later, at a cursor before the hidden one came and went
    a_while().await;
    let mut late = stage.watch("vera", "/api/events/ws").await;
    let all = format!("{:?}", late.events_up_to("ready").await);
    assert!(!all.contains(&before.to_string()) && all.contains(&seen.to_string()), "{all}");
}

/// One who may make workers makes none that they would not see, and takes none over.
#[tokio::test]
async fn nobody_makes_a_worker_out_of_their_own_sight() {
    let stage = stage().await;
    let make = async |labels: Value, id: Option<WorkerId>| {
        let body = json!({"profile": "actor", "labels": labels, "worker_id": id});
        let body = if id.is_some() { body } else { json!({"profile": "actor", "labels": labels}) };
        stage.ask("tom", "POST", &workers(), Some(body)).await
    };
    make(json!({"team": "core"}), None).await.good(201);
    for labels in [json!({}), json!({"team": "other"})] {
        assert_eq!(make(labels, None).await.told(), (403, "forbidden".to_owned()));
    }
    let hidden = stage.make(1, &[("team", "other")]).await;
    let taken = make(json!({"team": "core"}), Some(hidden)).await;
    assert_eq!(taken.told(), (409, "worker_exists".to_owned()), "a name that is taken says that, and no more");
    assert!(!taken.body.contains("team"), "{taken:?}");
}
