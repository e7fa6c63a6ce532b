//! Credentials that end while somebody watches.

use super::stage::{Stage, a_while, everybody, of, principal, token};
use crate::support::{Got, Sse, Watcher, soon};
use protocol::Role;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yoi_access::{Principals, Roles, RolesRules, SessionKey, Sessions};

/// Everybody but those named, and these besides.
fn others(without: &[&str], with: Vec<yoi_access::Principal>) -> Principals {
    let kept = everybody();
    let kept = kept.iter().filter(|p| !without.contains(&p.name().as_str())).map(|p| (**p).clone());
    Principals::new(kept.chain(with).collect::<Vec<_>>()).unwrap()
}

async fn ready(watcher: &mut Watcher) -> String {
    let got = watcher.up_to(|got| got.word() == "ready").await;
    let last =
        got.iter().rev().find_map(|got| if let Got::Event(told) = got { Some(told.cursor.clone()) } else { None });
    last.unwrap()
}

async fn sse(stage: &Stage, path: &str, headers: &[(&str, &str)]) -> Sse {
    let mut sse = Sse::connect(stage.address, path, headers).await;
    while sse.next().await.unwrap().word() != "ready" {}
    sse
}

#[tokio::test]
async fn a_cookie_that_ends_ends_its_streams_with_a_word() {
    let stage = Stage::with(|parts| {
        parts.sessions = Sessions::new(SessionKey::derive(&[7; 32]), Vec::new(), Duration::from_millis(1500));
    })
    .await;
    let worker = stage.make(1, &[]).await;
    let begun = Instant::now();
    let (cookie, _) = stage.sign_in("vera").await;
    let shown = [("cookie", cookie.clone())];
    let mut sockets = Vec::new();
    for path in [of(worker, "/events/ws"), "/api/events/ws".to_owned()] {
        let mut watcher = Watcher::connect(stage.address, &path, &shown, None).await;
        ready(&mut watcher).await;
        sockets.push(watcher);
    }
    let mut by_sse = sse(&stage, &of(worker, "/events"), &[("cookie", &cookie)]).await;
    let mut workspace = sse(&stage, "/api/events", &[("cookie", &cookie)]).await;
    let mut by_token = stage.watch("vera", &of(worker, "/events/ws")).await;
    ready(&mut by_token).await;
    for watcher in &mut sockets {
        let words = watcher.words_to_the_end().await;
        assert_eq!(words[words.len() - 2..], ["credential_expired", "4401"], "{words:?}");
    }
    assert!(begun.elapsed() >= Duration::from_millis(1400), "{:?}", begun.elapsed());
    for sse in [&mut by_sse, &mut workspace] {
        let mut last = None;
        while let Some(got) = soon(sse.next()).await {
            last = Some(got);
        }
        let Some(Got::Frame(frame)) = last else { panic!("{last:?}") };
        assert_eq!(frame["diagnostic"]["code"], "credential_expired");
        assert_eq!(frame["diagnostic"]["action"], "sign_in");
    }
    // the token it was made with goes on
    stage.act(worker, "text:still here").await;
    assert!(by_token.up_to(|got| got.word() == "run_finished").await.len() > 3);
    // one that ended in between is not let in any more
    let late = stage.raw("GET", &of(worker, "/events"), &[("cookie", &cookie)], None).await;
    assert_eq!(late.told().0, 401);
}

#[tokio::test]
async fn a_token_that_is_revoked_ends_its_streams_and_no_others() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let (cookie, _) = stage.sign_in("vera").await;
    let mut vera = stage.watch("vera", &of(worker, "/events/ws")).await;
    let mut workspace = stage.watch("vera", "/api/events/ws").await;
    let mut signed_in = Watcher::connect(stage.address, &of(worker, "/events/ws"), &[("cookie", cookie)], None).await;
    let bearer = format!("Bearer {}", token("vera"));
    let mut by_sse = sse(&stage, &of(worker, "/events"), &[("authorization", &bearer)]).await;
    let (mut otto, mut ada) =
        (stage.watch("otto", &of(worker, "/events/ws")).await, stage.watch("ada", "/api/events/ws").await);
    for watcher in [&mut vera, &mut workspace, &mut signed_in, &mut otto, &mut ada] {
        ready(watcher).await;
    }
    let asked = Instant::now();
    stage.backend.directory().replace(others(&["vera"], vec![]));
    for watcher in [&mut vera, &mut workspace, &mut signed_in] {
        let words = watcher.words_to_the_end().await;
        assert_eq!(words[words.len() - 2..], ["credential_expired", "4401"], "{words:?}");
    }
    let mut last = None;
    while let Some(got) = soon(by_sse.next()).await {
        last = Some(got.word());
    }
    assert_eq!(last.as_deref(), Some("credential_expired"));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    a_while().await;
    stage.act(worker, "text:for those who stay").await;
    otto.up_to(|got| got.word() == "run_finished").await;
    ada.up_to(|got| matches!(got, Got::Event(told) if told.kind() == "worker_updated")).await;
    assert_eq!(stage.ask("vera", "GET", "/api/session", None).await.status, 401);
}

/// What they may see may be less now: they come back as who they are now, where they were.
#[tokio::test]
async fn another_role_ends_streams_and_the_cursor_goes_on() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    stage.act(worker, "text:one two").await;
    let mut otto = stage.watch("otto", &of(worker, "/events/ws")).await;
    let cursor = ready(&mut otto).await;
    stage.backend.directory().replace(others(&["otto"], vec![principal("otto", &Role::Viewer, &[], &token("otto"))]));
    assert_eq!(otto.words_to_the_end().await, ["credential_expired", "4401"]);
    stage.act(worker, "text:three").await;
    let mut back = stage.watch("otto", &of(worker, &format!("/events/ws?cursor={cursor}"))).await;
    let words: Vec<_> = back.events_up_to("ready").await.iter().map(|told| told.kind()).collect();
    assert_eq!((&*words[0], words.last().map(String::as_str)), ("run_started", Some("status_changed")), "{words:?}");
    assert!(!words.contains(&"snapshot".to_owned()), "{words:?}");
    assert_eq!(stage.say("otto", worker, "text:no").await.told(), (403, "forbidden".to_owned()));
}

/// Other rules for everybody: nobody's credential has ended, and nobody has to sign in.
#[tokio::test]
async fn other_rules_have_everybody_come_back() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let mut vera = stage.watch("vera", &of(worker, "/events/ws")).await;
    let cursor = ready(&mut vera).await;
    let bearer = format!("Bearer {}", token("ada"));
    let mut by_sse = sse(&stage, &of(worker, "/events"), &[("authorization", &bearer)]).await;
    let mut rules = RolesRules::default();
    rules.viewer.redact = [yoi_access::Hide::Thinking].into_iter().collect();
    stage.backend.set_policy(Arc::new(Roles::new(rules, &everybody())));
    stage.backend.end_streams();
    assert_eq!(vera.words_to_the_end().await, ["going_away", "1001"]);
    assert_eq!(soon(by_sse.next()).await.map(|got| got.word()).as_deref(), Some("going_away"));
    assert_eq!(soon(by_sse.next()).await, None);
    stage.act(worker, "think:secret\ntext:open").await;
    let mut back = stage.watch("vera", &of(worker, &format!("/events/ws?cursor={cursor}"))).await;
    let events = back.events_up_to("ready").await;
    assert!(events.iter().all(|told| !told.json.contains("SECRET")) && events.iter().any(|t| t.json.contains("OPEN")));
}

/// Principals change while others come: whoever was revoked has no stream left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_slips_in_while_they_are_revoked() {
    let stage = Arc::new(Stage::with(|_| {}).await);
    let worker = stage.make(1, &[]).await;
    for round in 0..12 {
        let coming: Vec<_> = (0..8)
            .map(|n| {
                let stage = Arc::clone(&stage);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_micros(n * 200)).await;
                    let shown = [("authorization", format!("Bearer {}", token("vera")))];
                    let url = format!("ws://{}{}", stage.address, of(worker, "/events/ws"));
                    let mut request =
                        tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(url).unwrap();
                    request.headers_mut().insert(shown[0].0, shown[0].1.parse().unwrap());
                    let tcp = tokio::net::TcpStream::connect(stage.address).await.unwrap();
                    let Ok((mut socket, _)) = tokio_tungstenite::client_async(request, tcp).await else { return };
                    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut socket).await {}
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(900 + round * 40)).await;
        stage.backend.directory().replace(others(&["vera"], vec![]));
        for one in coming {
            soon(one).await.unwrap();
        }
        stage.backend.directory().replace(everybody());
    }
}
