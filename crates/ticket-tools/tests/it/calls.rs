//! Each tool, hostile arguments, and what the policy refuses.

use crate::{Room, author, caller, json};
use serde_json::json as value;
use std::fs;
use ticket::store::{NewTicket, Saying};
use ticket::{NewPlanRecord, Operation, RelationKind, Request, State};
use ticket_tools::{Desk, Policy};
use yoi_executor::ToolFailure;

#[test]
fn tickets_are_listed_in_pages_and_shown() {
    let room = Room::new();
    let first = room.ticket("First", &[]);
    let second = room.ticket("Second \u{202e}31m", &[(RelationKind::DependsOn, first)]);
    let desk = room.desk(&[]);
    let all = json(desk.call("TicketList", "", &caller()));
    assert_eq!(all["tickets"][1]["waiting_on"], value!([first]));
    assert_eq!(all["tickets"][1]["title"], "Second \u{fffd}31m");
    assert!(all.get("next").is_none());
    let page = json(desk.call("TicketList", r#"{"limit": 1}"#, &caller()));
    assert_eq!((&page["next"], &page["omitted"]), (&value!(first), &value!(1)));
    let rest = json(desk.call("TicketList", &value!({"after": first}).to_string(), &caller()));
    assert_eq!(rest["tickets"][0]["id"], value!(second));
    let none = json(desk.call("TicketList", r#"{"states": ["closed"]}"#, &caller()));
    assert_eq!(none["tickets"], value!([]));
    let blocked = json(desk.call("TicketList", r#"{"blocked": true, "text": "second"}"#, &caller()));
    assert_eq!(blocked["tickets"].as_array().unwrap().len(), 1);
    let shown = json(desk.call("TicketShow", &value!({"ticket": second}).to_string(), &caller()));
    assert_eq!(shown["body"], "Do it.");
    assert_eq!(shown["events"][0]["kind"], "create");
    assert_eq!(shown["relations"], value!([{"kind": "depends_on", "target": first}]));
}

#[test]
fn relations_and_plans_are_told() {
    let room = Room::new();
    let first = room.ticket("First", &[]);
    let second = room.ticket("Second", &[(RelationKind::DependsOn, first)]);
    let desk = room.desk(&[]);
    let told = json(desk.call("TicketRelationQuery", &value!({"ticket": first}).to_string(), &caller()));
    assert_eq!(told["incoming"][0]["kind"], "dependency_of");
    assert_eq!(told["incoming"][0]["source"], value!(second));
    let told = json(desk.call("TicketRelationQuery", &value!({"ticket": second}).to_string(), &caller()));
    assert_eq!(told["waiting_on"], value!([first]));
    for number in 0..3 {
        let record = NewPlanRecord {
            kind: if number == 1 { "blocked_by" } else { "attempt" }.into(),
            note: Some(number.to_string()),
            ..NewPlanRecord::default()
        };
        room.store.apply(&Request::new(Operation::Plan { id: first, record }, author())).unwrap();
    }
    let arguments = value!({"ticket": first, "kind": "attempt", "limit": 1}).to_string();
    let told = json(desk.call("TicketOrchestrationPlanQuery", &arguments, &caller()));
    assert_eq!((&told["records"][0]["note"], &told["omitted"]), (&value!("2"), &value!(1)));
}

#[test]
fn a_comment_is_in_the_caller_s_name_and_is_made_once() {
    let room = Room::new();
    let id = room.ticket("First", &[]);
    let desk = room.desk(&[]);
    let arguments = value!({"ticket": id, "body": "---\n\nI did it.", "idempotency_key": "k"}).to_string();
    assert_eq!(json(desk.call("TicketComment", &arguments, &caller()))["replayed"], false);
    assert_eq!(json(desk.call("TicketComment", &arguments, &caller()))["replayed"], true);
    let other = value!({"ticket": id, "body": "Another", "idempotency_key": "k"}).to_string();
    let refused = desk.call("TicketComment", &other, &caller()).unwrap_err();
    assert!(matches!(&refused, ToolFailure::Failed(words) if words.contains("ticket_key_reused")), "{refused}");
    let review = value!({"ticket": id, "body": "Good.", "kind": "review", "status": "approve"}).to_string();
    json(desk.call("TicketComment", &review, &caller()));
    let events = room.store.show(id).unwrap().events;
    let said: Vec<_> = events.iter().skip(1).map(|e| (e.kind.as_str(), e.author.as_str(), e.body.as_str())).collect();
    assert_eq!(said, [("comment", "worker:w", "---\n\nI did it."), ("review", "worker:w", "Good.")]);
}

#[test]
fn only_what_the_policy_lists_is_done() {
    let room = Room::new();
    let id = room.ticket("First", &[]);
    let to = |to: &str| value!({"ticket": id, "to": to}).to_string();
    // by default nothing is moved, and the tool is not there
    let refused = room.desk(&[]).call("TicketTransition", &to("ready"), &caller()).unwrap_err();
    assert_eq!(refused, ToolFailure::Unknown("TicketTransition".into()));
    let desk = room.desk(&["planning:ready", "ready:planning", "ready:closed"]);
    json(desk.call("TicketTransition", &to("ready"), &caller()));
    let refused = desk.call("TicketTransition", &to("queued"), &caller()).unwrap_err();
    assert!(refused.to_string().contains("allowed are: planning to ready"), "{refused}");
    let refused = desk.call("TicketTransition", &to("planning"), &caller()).unwrap_err();
    assert!(refused.to_string().contains("`reason`"), "{refused}");
    let back = value!({"ticket": id, "to": "planning", "reason": "not clear", "idempotency_key": "b"}).to_string();
    json(desk.call("TicketTransition", &back, &caller()));
    assert_eq!(json(desk.call("TicketTransition", &back, &caller()))["replayed"], true);
    assert_eq!(room.state(id), State::Planning);
    json(desk.call("TicketTransition", &to("ready"), &caller()));
    let refused = desk.call("TicketTransition", &to("closed"), &caller()).unwrap_err();
    assert_eq!(refused.code(), "tool_invalid_arguments");
    let close = value!({"ticket": id, "to": "closed", "resolution": "It is done."}).to_string();
    json(desk.call("TicketTransition", &close, &caller()));
    assert_eq!(room.state(id), State::Closed);

    let looking = Desk::new(room.store.clone(), Policy::looking());
    assert_eq!(looking.tools().count(), 4);
    let say = value!({"ticket": id, "body": "x"}).to_string();
    assert_eq!(looking.call("TicketComment", &say, &caller()).unwrap_err().code(), "tool_unknown");
    let forged = value!({"ticket": id, "body": "x", "kind": "state_changed"}).to_string();
    assert_eq!(desk.call("TicketComment", &forged, &caller()).unwrap_err().code(), "tool_failed");
}

#[test]
fn hostile_arguments_are_refused_in_few_words() {
    let room = Room::new();
    let id = room.ticket("First", &[]);
    let desk = room.desk(&["planning:ready"]);
    let long = "x".repeat(300_000);
    for (tool, arguments) in [
        ("TicketShow", "{}".to_owned()),
        ("TicketShow", "[]".into()),
        ("TicketShow", "\u{1b}[31m{".into()),
        ("TicketShow", r#"{"ticket": "../../../etcx"}"#.into()),
        ("TicketShow", value!({"ticket": id, "evnts": 1}).to_string()),
        ("TicketShow", value!({"ticket": id, "events": -1}).to_string()),
        ("TicketShow", value!({"ticket": long}).to_string()),
        ("TicketList", r#"{"states": ["gone"]}"#.into()),
        ("TicketComment", value!({"ticket": id}).to_string()),
        ("TicketComment", value!({"ticket": id, "body": " "}).to_string()),
        ("TicketComment", value!({"ticket": id, "body": "x".repeat(70_000)}).to_string()),
        ("TicketComment", value!({"ticket": id, "body": "x", "status": "a\nb"}).to_string()),
        ("TicketComment", value!({"ticket": id, "body": "x", "idempotency_key": ""}).to_string()),
        ("TicketComment", value!({"ticket": id, "body": "x", "idempotency_key": "x".repeat(101)}).to_string()),
        ("TicketTransition", value!({"ticket": id, "to": "ready", "author": "hare"}).to_string()),
        ("TicketTransition", value!({"ticket": id, "to": "ready", "resolution": "x"}).to_string()),
    ] {
        let refused = desk.call(tool, &arguments, &caller()).unwrap_err();
        assert_eq!(refused.code(), "tool_invalid_arguments", "{tool} {refused}");
        assert!(refused.to_string().len() < 1200 && !refused.to_string().contains('\u{1b}'), "{refused}");
    }
    assert_eq!(desk.call("ticketshow", "{}", &caller()).unwrap_err().code(), "tool_unknown");
    let gone = desk.call("TicketShow", r#"{"ticket": "00001KVZKSTJT"}"#, &caller()).unwrap_err();
    assert!(gone.to_string().contains("ticket_not_found"), "{gone}");
    let stale = value!({"ticket": id, "body": "x", "if_revision": "0"}).to_string();
    assert!(desk.call("TicketComment", &stale, &caller()).unwrap_err().to_string().contains("ticket_changed"));
    assert_eq!(room.store.show(id).unwrap().events.len(), 1);
}

#[test]
fn answers_are_bounded_whatever_records_hold() {
    let room = Room::new();
    let new = NewTicket { title: "x".into(), body: "é\u{1b}".repeat(80_000), ..NewTicket::default() };
    let id = room.store.apply(&Request::new(Operation::New(new), author())).unwrap().ticket;
    for _ in 0..20 {
        let saying = Saying { kind: "comment".into(), body: "\u{1}".repeat(10_000), status: None };
        room.store.apply(&Request::new(Operation::Say { id, saying }, author())).unwrap();
        let record =
            NewPlanRecord { kind: "attempt".into(), note: Some("\u{1}".repeat(10_000)), ..NewPlanRecord::default() };
        room.store.apply(&Request::new(Operation::Plan { id, record }, author())).unwrap();
    }
    let desk = room.desk(&[]);
    let most = 64 * 1024;
    let answer = desk.call("TicketShow", &value!({"ticket": id, "events": 200}).to_string(), &caller()).unwrap();
    assert!(answer.len() <= most, "{}", answer.len());
    let shown: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let kept = shown["events"].as_array().map_or(0, Vec::len) as u64;
    assert_eq!(shown["events_omitted"].as_u64().unwrap() + kept, 21);
    let arguments = value!({"ticket": id, "limit": 100}).to_string();
    let answer = desk.call("TicketOrchestrationPlanQuery", &arguments, &caller()).unwrap();
    assert!(answer.len() <= most && answer.contains("records"), "{}", answer.len());
    for number in 0..120 {
        room.ticket(&format!("{number} {}", "\u{fffd}".repeat(160)), &[]);
    }
    let answer = desk.call("TicketList", r#"{"limit": 200}"#, &caller()).unwrap();
    assert!(answer.len() <= most && answer.contains("\"next\""), "{}", answer.len());
}

#[test]
fn a_malformed_record_hides_no_other() {
    let room = Room::new();
    let good = room.ticket("Good", &[]);
    let bad = room.ticket("Bad", &[]);
    fs::write(room.store.path().join(bad.to_string()).join("item.md"), "---\ntitle: [\n---\n").unwrap();
    let desk = room.desk(&[]);
    let listed = json(desk.call("TicketList", "{}", &caller()));
    assert_eq!(listed["tickets"][0]["id"], value!(good));
    assert_eq!(listed["problems"][0]["ticket"], value!(bad));
    let refused = desk.call("TicketShow", &value!({"ticket": bad}).to_string(), &caller()).unwrap_err();
    assert!(refused.to_string().contains("ticket_broken"), "{refused}");
}
