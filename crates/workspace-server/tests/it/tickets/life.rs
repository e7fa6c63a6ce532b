//! What becomes of a ticket, from its making to its end.

use super::bench::Bench;
use serde_json::{Value, json};

/// The values of a member of each.
fn each<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_whole_life() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/api/tickets").await, json!({"tickets": [], "problems": []}));
    assert!(!bench.path("").exists(), "looking makes no folder");

    let new =
        json!({"title": "It's about this", "body": "# What\n\n---\n", "assignee": "hare", "risk_flags": ["scope"]});
    let made = bench.ask("ada", "POST", "/api/tickets", Some(new)).await;
    let id = made.good(201)["ticket_id"].as_str().unwrap().to_owned();
    let path = format!("/api/tickets/{id}");
    assert_eq!(made.header("location"), Some(&*path));
    let detail = made.json();
    assert_eq!((&detail["state"], &detail["next"]), (&json!("planning"), &json!(["ready", "closed"])));
    assert_eq!((&detail["assignee"], &detail["risk_flags"]), (&json!("hare"), &json!(["scope"])));
    assert_eq!(
        (&detail["blocked"], &detail["waiting_on"], &detail["problems"]),
        (&json!(false), &json!([]), &json!([]))
    );
    assert_eq!(detail["relations"], json!({"outgoing": [], "incoming": []}));
    assert_eq!(bench.get(&path).await, detail);

    let said = json!({"kind": "decision", "heading": "What we do", "body": "This.\n\n---\n"});
    let detail = bench.post(&format!("{path}/events"), said).await.good(201);
    let last = detail["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["kind"], &last["heading"]), (&json!("decision"), &json!("What we do")));
    assert_eq!((&last["author"], &last["body"]), (&json!("otto"), &json!("This.\n\n---\n")));

    // forward without a reason, and with one that says nothing
    for (to, body) in [("ready", json!({"to": "ready"})), ("queued", json!({"to": "queued", "reason": ""}))] {
        assert_eq!(bench.post(&format!("{path}/state"), body).await.good(200)["state"], to);
    }
    let queued = bench.get("/api/tickets?state=queued").await["tickets"][0].clone();
    assert_eq!((&queued["ticket_id"], &queued["queued_by"]), (&json!(id), &json!("otto")));
    for to in ["inprogress", "done"] {
        assert_eq!(bench.go(&id, to).await.good(200)["state"], to);
    }
    let close = |resolution: &str| json!({"to": "closed", "reason": "shipped", "resolution": resolution});
    let none = bench.post(&format!("{path}/state"), close(" ")).await;
    assert_eq!(none.told(), (400, "invalid_input".to_owned()));
    let closed = bench.post(&format!("{path}/state"), close("It is there.")).await.good(200);
    assert_eq!((&closed["state"], &closed["resolution"]), (&json!("closed"), &json!("It is there.\n")));
    assert_eq!(closed["next"], json!(["planning"]));
    // opened again, which takes a reason
    let anew = bench.post(&format!("{path}/state"), json!({"to": "planning"})).await;
    assert_eq!(anew.told(), (400, "invalid_input".to_owned()));
    let open = bench.post(&format!("{path}/state"), json!({"to": "planning", "reason": "it broke"})).await.good(200);
    let kinds = each(&open["events"], "kind");
    let moved = ["state_changed"; 5];
    assert_eq!(kinds, [&["create", "decision"][..], &moved, &["close", "state_changed"]].concat());
    let last = open["events"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["from"], &last["to"], &last["reason"]),
        (&json!("closed"), &json!("planning"), &json!("it broke"))
    );
    assert_eq!(open["events"][0]["author"], "ada");
    // it is what the store says as well
    let stored = bench.store.show(id.parse().unwrap()).unwrap();
    assert_eq!((stored.revision.as_str(), stored.events.len()), (open["revision"].as_str().unwrap(), kinds.len()));
}

#[tokio::test]
async fn what_is_not_a_transition_changes_nothing() {
    let bench = Bench::new().await;
    let id = bench.make("A").await;
    let before = bench.get(&format!("/api/tickets/{id}")).await;
    for (to, told) in [
        ("inprogress", (409, "ticket_transition")),
        ("planning", (409, "ticket_transition")),
        ("of_tomorrow", (400, "invalid_input")),
    ] {
        let reply = bench.go(&id, to).await;
        assert_eq!(reply.told(), (told.0, told.1.to_owned()), "{to}: {reply:?}");
        assert_eq!(reply.json()["retryable"], false);
    }
    let body = json!({"to": "ready", "resolution": "x"});
    let reply = bench.post(&format!("/api/tickets/{id}/state"), body).await;
    assert_eq!(reply.told(), (400, "invalid_input".to_owned()), "a resolution is of what is closed");
    assert_eq!(bench.get(&format!("/api/tickets/{id}")).await, before);
}

#[tokio::test]
async fn what_waits_for_others_is_not_begun() {
    let bench = Bench::new().await;
    let (first, second) = (bench.make("First").await, bench.make("Second").await);
    let path = format!("/api/tickets/{second}");
    let relation = json!({"kind": "depends_on", "target": first, "note": "the transport comes first"});
    let related = bench.post(&format!("{path}/relations"), relation.clone()).await.good(200);
    assert_eq!(related["relations"]["outgoing"], json!([relation]));
    assert_eq!((&related["blocked"], &related["waiting_on"]), (&json!(true), &json!([first])));
    let again = bench.post(&format!("{path}/relations"), relation).await.good(200);
    assert_eq!(again["revision"], related["revision"], "one that is there stays");
    let other = bench.get(&format!("/api/tickets/{first}")).await;
    let incoming = json!([{"kind": "dependency_of", "source": second, "note": "the transport comes first"}]);
    assert_eq!((&other["relations"]["incoming"], &other["blocked"]), (&incoming, &json!(false)));

    for to in ["ready", "queued"] {
        bench.go(&second, to).await.good(200);
    }
    let queued = bench.get(&path).await;
    assert!(!queued["next"].as_array().unwrap().contains(&json!("inprogress")), "{queued}");
    let blocked = bench.go(&second, "inprogress").await;
    assert_eq!(blocked.told(), (409, "ticket_blocked".to_owned()));
    assert!(blocked.json()["detail"].as_str().unwrap().contains(&first), "{blocked:?}");
    assert_eq!(bench.titles("?blocked=true").await, ["Second"]);
    assert_eq!(bench.titles("?blocked=false").await, ["First"]);
    // in a ring, to itself, to nothing, and by a name that is none
    for (id, kind, target, told) in [
        (&first, "depends_on", second.as_str(), (400, "invalid_input")),
        (&first, "related", &first, (400, "invalid_input")),
        (&first, "blocked_by", &second, (400, "invalid_input")),
        (&first, "related", "00001KVZKSTJT", (404, "ticket_not_found")),
        (&first, "related", "../../etc", (400, "invalid_input")),
    ] {
        let body = json!({"kind": kind, "target": target});
        let reply = bench.post(&format!("/api/tickets/{id}/relations"), body).await;
        assert_eq!(reply.told(), (told.0, told.1.to_owned()), "{kind} {target}: {reply:?}");
    }
    for to in ["ready", "queued", "inprogress", "done"] {
        bench.go(&first, to).await.good(200);
    }
    assert!(bench.get(&path).await["next"].as_array().unwrap().contains(&json!("inprogress")));
    bench.go(&second, "inprogress").await.good(200);
    let gone = format!("{path}/relations/depends_on/{first}");
    assert_eq!(bench.ask("otto", "DELETE", &gone, None).await.good(200)["relations"]["outgoing"], json!([]));
    assert_eq!(bench.ask("otto", "DELETE", &gone, None).await.told(), (404, "ticket_not_found".to_owned()));
}

#[tokio::test]
async fn a_revision_that_is_no_longer_so_changes_nothing() {
    let bench = Bench::new().await;
    let id = bench.make("A").await;
    let path = format!("/api/tickets/{id}");
    let seen = bench.get(&path).await["revision"].clone();
    bench.post(&format!("{path}/events"), json!({"kind": "comment", "body": "meanwhile"})).await.good(201);
    let ask = |revision: &Value| json!({"to": "ready", "reason": "clear", "revision": revision});
    let late = bench.post(&format!("{path}/state"), ask(&seen)).await;
    assert_eq!((late.told(), &late.json()["retryable"]), ((409, "ticket_changed".to_owned()), &json!(false)));
    let now = bench.get(&path).await;
    assert_eq!((&now["state"], now["events"].as_array().unwrap().len()), (&json!("planning"), 2));
    bench.post(&format!("{path}/state"), ask(&now["revision"])).await.good(200);
}

#[tokio::test]
async fn the_same_key_acts_once() {
    let bench = Bench::new().await;
    let new = json!({"title": "A", "idempotency_key": "k-1"});
    let first = bench.post("/api/tickets", new.clone()).await.good(201);
    let again = bench.post("/api/tickets", new).await;
    assert_eq!(again.good(200), first);
    assert_eq!(bench.titles("").await, ["A"]);
    let path = format!("/api/tickets/{}", first["ticket_id"].as_str().unwrap());
    let said = json!({"kind": "comment", "body": "once", "idempotency_key": "k-2"});
    bench.post(&format!("{path}/events"), said.clone()).await.good(201);
    let again = bench.post(&format!("{path}/events"), said).await.good(200);
    assert_eq!(again["events"].as_array().unwrap().len(), 2);
    let moved = json!({"to": "ready", "idempotency_key": "k-3"});
    for _ in 0..2 {
        assert_eq!(bench.post(&format!("{path}/state"), moved.clone()).await.good(200)["state"], "ready");
    }
    // for something else, and of somebody else
    let other = json!({"kind": "comment", "body": "twice", "idempotency_key": "k-2"});
    assert_eq!(bench.post(&format!("{path}/events"), other).await.told(), (400, "invalid_input".to_owned()));
    let new = json!({"title": "A", "idempotency_key": "k-1"});
    let theirs = bench.ask("ada", "POST", "/api/tickets", Some(new)).await;
    assert_eq!(theirs.told(), (400, "invalid_input".to_owned()));
}

#[tokio::test]
async fn lists_are_filtered() {
    let bench = Bench::new().await;
    let (a, b, c) = (bench.make("Alpha").await, bench.make("Beta").await, bench.make("Gamma").await);
    bench.go(&b, "ready").await.good(200);
    for to in ["ready", "queued"] {
        bench.go(&c, to).await.good(200);
    }
    let body = json!({"title": "Delta", "body": "Needs a WRENCH.", "assignee": "hare"});
    bench.post("/api/tickets", body).await.good(201);
    for (query, titles) in [
        ("", &["Alpha", "Beta", "Gamma", "Delta"][..]),
        ("?state=queued", &["Gamma"]),
        ("?state=ready,queued", &["Beta", "Gamma"]),
        ("?state=ready&state=queued", &["Beta", "Gamma"]),
        ("?text=wrench", &["Delta"]),
        ("?text=ALPH", &["Alpha"]),
        ("?assignee=hare", &["Delta"]),
        ("?assignee=hare&state=queued", &[]),
        ("?blocked=true", &[]),
    ] {
        assert_eq!(bench.titles(query).await, titles, "{query}");
    }
    for query in ["?state=open", "?blocked=perhaps", "?colour=red", "?text=a&text=b"] {
        let reply = bench.ask("vera", "GET", &format!("/api/tickets{query}"), None).await;
        assert_eq!(reply.told(), (400, "invalid_input".to_owned()), "{query}");
    }
    let row = &bench.get("/api/tickets?text=alpha").await["tickets"][0];
    assert_eq!(row["ticket_id"], a.as_str());
    assert!(row.get("assignee").is_none() && row.get("body").is_none(), "{row}");
}
