//! The same streams as server-sent events.

use crate::support::{Got, Sse, Story, Target, folded};
use protocol::WorkerId;

/// What comes up to the first with this word.
async fn up_to(sse: &mut Sse, word: &str) -> Vec<Got> {
    let mut all = Vec::new();
    while all.last().is_none_or(|got: &Got| got.word() != word) {
        all.push(sse.next().await.expect("the stream ended"));
    }
    all
}

fn other_than_events(got: &[Got]) -> Vec<String> {
    got.iter().filter(|got| !matches!(got, Got::Event(_))).map(Got::word).collect()
}

fn state(got: &[Got]) -> protocol::State {
    let events = got.iter().filter_map(|got| if let Got::Event(told) = got { Some(told.clone()) } else { None });
    folded(&events.collect::<Vec<_>>())
}

pub async fn server_sent_events_say_what_frames_say(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    target.say(worker, "all").await;
    target.caught_up(worker).await;
    let other = target.make(2, "script").await;
    let foreign = target.detail(other).await["cursor"].as_str().unwrap().to_owned();
    for query in [String::new(), format!("cursor={foreign}"), "mode=live".to_owned()] {
        let mut watcher = target.watch(worker, &query).await;
        let mut sse = target.sse(worker, &query, &[]).await;
        let framed = watcher.up_to(|got| got.word() == "ready").await;
        let sent = up_to(&mut sse, "ready").await;
        // each may begin with another snapshot, but both come to the same
        assert_eq!(other_than_events(&sent), other_than_events(&framed), "{query}");
        if query != "mode=live" {
            assert_eq!(state(&sent), state(&framed), "{query}");
        }
        target.say(worker, "all").await;
        let live = watcher.up_to(|got| got.word() == "run_finished").await;
        assert_eq!(up_to(&mut sse, "run_finished").await, live, "{query}");
        target.caught_up(worker).await;
        story.got(&live);
    }
}

pub async fn server_sent_events_go_on_after_the_last_id(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    target.say(worker, "all").await;
    target.settled(worker).await;
    let mut sse = target.sse(worker, "", &[]).await;
    let first = up_to(&mut sse, "ready").await;
    let Got::Event(snapshot) = &first[0] else { panic!("{first:?}") };
    target.say(worker, "say more").await;
    let live = up_to(&mut sse, "run_finished").await;
    target.settled(worker).await;
    // the header wins over the parameter of the first request's URL, which a browser sends again
    let old = target.detail(worker).await["cursor"].as_str().unwrap().to_owned();
    for query in [String::new(), format!("cursor={old}"), "cursor=nonsense".to_owned()] {
        let mut again = target.sse(worker, &query, &[("last-event-id", &snapshot.cursor)]).await;
        assert_eq!(up_to(&mut again, "run_finished").await, live, "{query}");
    }
    let mut nonsense = target.sse(worker, "", &[("last-event-id", "nonsense")]).await;
    let told: Vec<_> = up_to(&mut nonsense, "ready").await.iter().map(Got::word).collect();
    assert_eq!(told[..2], ["cursor_unknown", "snapshot"]);
    // with `on_gap=close` it ends
    let mut closing = target.sse(worker, "on_gap=close&cursor=nonsense", &[]).await;
    assert_eq!(closing.next().await.unwrap().word(), "cursor_unknown");
    assert_eq!(closing.next().await, None);
    story.got(&live);
}

pub async fn server_sent_events_refuse_with_problems(target: &Target, story: &mut Story) {
    let nobody = WorkerId::from_parts(9, 9);
    for (path, code) in [
        (target.of(nobody, "/events"), "worker_not_found"),
        (target.path("/workers/none/events"), "worker_not_found"),
        (format!("/api/runtimes/nobody/workers/{nobody}/events"), "runtime_not_found"),
    ] {
        let reply = target.ask(story, "GET", &path, None).await;
        assert_eq!((reply.status, reply.code().as_str()), (404, code), "{path}");
    }
}
