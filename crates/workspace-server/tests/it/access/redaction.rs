//! What is kept from somebody of what they may watch.

use super::stage::{Stage, everybody, of, token};
use crate::support::{Got, Sse, Told, is_idle};
use protocol::{AnyEvent, State, WorkerId};
use std::sync::Arc;
use yoi_access::{Hide, RedactWhen, Redaction, Roles, RolesRules};

/// One secret of each sort.
const SECRETS: [(&str, &str); 5] = [
    ("think", "thought-7731"),
    ("call", "argument-7732"),
    ("result", "output-7733"),
    ("notice", "notice-7734"),
    ("unknown", "tomorrow-7735"),
];

fn rules(viewer: &[Hide], operator: &[Hide]) -> RolesRules {
    let mut rules = RolesRules::default();
    rules.viewer.redact = viewer.iter().copied().collect();
    rules.operator.redact = operator.iter().copied().collect();
    let open = ["team=open".parse().unwrap()].into_iter().collect();
    rules.viewer.when = vec![RedactWhen { labels: open, redact: Redaction::default() }];
    rules
}

/// Something of every sort, and text around it.
fn lines() -> String {
    let all = SECRETS.map(|(what, secret)| format!("{what}:{secret} and {secret} again\ntext:shown"));
    all.join("\n")
}

fn fold(events: &[Told]) -> State {
    let mut state: Option<State> = None;
    for told in events {
        let event = AnyEvent::from_json(&told.json).unwrap();
        match &mut state {
            None => state = Some(told.state()),
            Some(state) => {
                state.apply(&event);
            }
        }
    }
    state.unwrap()
}

/// Which of the secrets stand in a text.
fn found(text: &str) -> Vec<&'static str> {
    SECRETS.into_iter().filter(|(_, secret)| text.contains(&secret.to_uppercase())).map(|(what, _)| what).collect()
}

fn texts(events: &[Told]) -> String {
    events.iter().map(|told| &*told.json).collect::<Vec<_>>().join("\n")
}

/// Everything of a run that is asked for next, as somebody sees it live.
async fn live(stage: &Stage, who: &str, worker: WorkerId) -> Vec<Told> {
    let mut watcher = stage.watch(who, &of(worker, "/events/ws")).await;
    let mut events = watcher.events_up_to("ready").await;
    stage.act(worker, &lines()).await;
    events.extend(
        watcher
            .up_to(is_idle)
            .await
            .into_iter()
            .filter_map(|got| if let Got::Event(told) = got { Some(told) } else { None }),
    );
    events
}

#[tokio::test]
async fn each_sort_is_kept_wherever_it_is_looked_for() {
    let viewer = [Hide::Thinking, Hide::ToolArguments, Hide::ToolOutput, Hide::Notices];
    let sorts: [(&[Hide], &[&str]); 5] = [
        (&viewer, &[]),
        (&[Hide::Thinking], &["call", "result", "notice"]),
        (&[Hide::ToolArguments], &["think", "result", "notice"]),
        (&[Hide::ToolOutput], &["think", "call", "notice"]),
        (&[Hide::Notices], &["think", "call", "result", "unknown"]),
    ];
    for (hide, shown) in sorts {
        let stage = Stage::ruled(rules(hide, &[]), |_| {}).await;
        let worker = stage.make(1, &[]).await;
        let events = live(&stage, "vera", worker).await;
        assert_eq!(found(&texts(&events)), shown, "live, {hide:?}");
        // a snapshot
        let mut again = stage.watch("vera", &of(worker, "/events/ws")).await;
        let snapshot = again.events_up_to("ready").await;
        let in_state: Vec<_> = shown.iter().copied().filter(|what| *what != "unknown").collect();
        assert_eq!((snapshot.len(), found(&texts(&snapshot))), (1, in_state.clone()), "snapshot, {hide:?}");
        assert_eq!(fold(&events), fold(&snapshot), "{hide:?}");
        assert!(!texts(&snapshot).is_empty() && texts(&snapshot).contains("SHOWN"));
        // from any cursor: nothing is missing, whatever was left out there
        let mut earlier = fold(&events[..1]);
        for (at, told) in events.iter().enumerate() {
            if at > 0 {
                earlier.apply(&AnyEvent::from_json(&told.json).unwrap());
            }
            if at % 7 != 0 && at + 1 != events.len() {
                continue;
            }
            let path = of(worker, &format!("/events/ws?cursor={}", told.cursor));
            let rest = stage.watch("vera", &path).await.events_up_to("ready").await;
            assert_eq!(rest, events[at + 1..], "resumed after {at}, {hide:?}");
            let mut state = earlier.clone();
            rest.iter().for_each(|told| state.apply(&AnyEvent::from_json(&told.json).unwrap()));
            assert_eq!(state, fold(&snapshot));
        }
        let bearer = format!("Bearer {}", token("vera"));
        let mut sse = Sse::connect(
            stage.address,
            &of(worker, &format!("/events?cursor={}", events[0].cursor)),
            &[("authorization", &bearer)],
        )
        .await;
        let mut by_sse = Vec::new();
        while let Some(Got::Event(told)) = sse.next().await {
            by_sse.push(told);
        }
        assert_eq!(by_sse, events[1..], "over server-sent events, {hide:?}");
        let transcript = stage.ask("vera", "GET", &of(worker, "/transcript"), None).await;
        assert_eq!(found(&transcript.body), in_state, "transcript, {hide:?}");
        assert!(transcript.body.contains("SHOWN"));
        // and nobody else is kept from it
        let all = stage.ask("otto", "GET", &of(worker, "/transcript"), None).await;
        assert_eq!(found(&all.body), ["think", "call", "result", "notice"]);
    }
}

/// A cursor of somebody who sees everything, taken by somebody who does not, and the other way.
#[tokio::test]
async fn cursors_are_the_same_for_all_and_go_on_in_another_role() {
    let stage = Stage::ruled(rules(&[Hide::Thinking], &[]), |_| {}).await;
    let worker = stage.make(1, &[]).await;
    stage.act(worker, &lines()).await;
    let whole = stage.watch("ada", &of(worker, "/events/ws")).await.events_up_to("ready").await;
    stage.act(worker, &lines()).await;
    let path = of(worker, &format!("/events/ws?cursor={}", whole[0].cursor));
    let all = stage.watch("ada", &path).await.events_up_to("ready").await;
    let some = stage.watch("vera", &path).await.events_up_to("ready").await;
    assert!(some.len() < all.len());
    assert!(some.iter().all(|seen| all.iter().any(|told| told.cursor == seen.cursor)));
    for (at, told) in all.iter().enumerate() {
        let path = of(worker, &format!("/events/ws?cursor={}", told.cursor));
        let rest = stage.watch("vera", &path).await.events_up_to("ready").await;
        let expected: Vec<_> =
            some.iter().filter(|seen| all[at + 1..].iter().any(|told| told.cursor == seen.cursor)).cloned().collect();
        assert_eq!(rest, expected, "after {at}: {}", told.json);
    }
    for seen in &some {
        let path = of(worker, &format!("/events/ws?cursor={}", seen.cursor));
        let at = all.iter().position(|told| told.cursor == seen.cursor).unwrap();
        assert_eq!(stage.watch("ada", &path).await.events_up_to("ready").await, all[at + 1..]);
    }
}

/// A viewer who comes in the middle of a thought sees that there is one, and none of it.
#[tokio::test]
async fn a_block_that_is_open_is_marked_and_stays_so() {
    let stage = Stage::ruled(rules(&[Hide::Thinking, Hide::ToolArguments], &[]), |_| {}).await;
    let worker = stage.make(1, &[]).await;
    stage.say("ada", worker, "open:thought-7731\nask:argument-7732").await.good(202);
    crate::support::until("it asks", || async {
        let detail = stage.ask("ada", "GET", &of(worker, ""), None).await.good(200);
        (detail["approvals"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    let mut watcher = stage.watch("vera", &of(worker, "/events/ws")).await;
    let mut events = watcher.events_up_to("ready").await;
    let state = events[0].state();
    assert_eq!((state.open_blocks.len(), state.approvals.len()), (1, 1));
    assert_eq!(found(&texts(&events)), [] as [&str; 0]);
    assert!(texts(&events).contains("[hidden]"));
    let detail = stage.ask("vera", "GET", &of(worker, ""), None).await;
    assert!(detail.body.contains("May I?") && found(&detail.body).is_empty(), "{detail:?}");
    assert!(stage.ask("otto", "GET", &of(worker, ""), None).await.body.contains("ARGUMENT-7732"));
    stage.ask("otto", "POST", &of(worker, "/cancel"), None).await.good(200);
    let rest = watcher.up_to(is_idle).await;
    events.extend(rest.into_iter().filter_map(|got| if let Got::Event(told) = got { Some(told) } else { None }));
    assert_eq!(found(&texts(&events)), [] as [&str; 0]);
    let snapshot = stage.watch("vera", &of(worker, "/events/ws")).await.events_up_to("ready").await;
    assert_eq!(fold(&events), fold(&snapshot));
}

#[tokio::test]
async fn labels_may_say_otherwise() {
    let stage = Stage::ruled(rules(&[Hide::Thinking], &[]), |_| {}).await;
    let (kept, open) = (stage.make(1, &[]).await, stage.make(2, &[("team", "open")]).await);
    for (worker, sees) in [(kept, false), (open, true)] {
        let events = live(&stage, "vera", worker).await;
        assert_eq!(found(&texts(&events)).contains(&"think"), sees);
        let page = stage.ask("vera", "GET", &of(worker, "/transcript"), None).await;
        assert_eq!(found(&page.body).contains(&"think"), sees);
    }
    // other rules count from the next connection on
    stage.backend.set_policy(Arc::new(Roles::new(RolesRules::default(), &everybody())));
    let seen = stage.watch("vera", &of(kept, "/events/ws")).await.events_up_to("ready").await;
    assert!(found(&texts(&seen)).contains(&"think"));
}
