//! How streams end, and what is told of names that are not there.

use crate::support::{Got, Story, Target, is_idle};
use protocol::WorkerId;
use tokio_tungstenite::tungstenite::Message;

pub async fn whoever_speaks_is_closed(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    for message in [Message::text("hello"), Message::binary(vec![0, 1]), Message::text("")] {
        let mut watcher = target.watch(worker, "").await;
        watcher.events_up_to("ready").await;
        watcher.say(message).await;
        let all = watcher.up_to(|got| matches!(got, Got::Closed(_) | Got::Lost)).await;
        let words: Vec<_> = all.iter().map(Got::word).collect();
        assert_eq!(words, ["read_only_stream", "4405"]);
        story.got(&all);
    }
    // control frames are not data
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    watcher.say(Message::Ping(vec![1].into())).await;
    watcher.say(Message::Pong(vec![2].into())).await;
    target.say(worker, "say x").await;
    watcher.up_to(is_idle).await;
}

pub async fn names_that_are_not_there_are_told_after_the_upgrade(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let (nobody, id) = (WorkerId::from_parts(9, 9), &target.runtime_id);
    for (path, word) in [
        (format!("/api/runtimes/{id}/workers/{nobody}"), "worker_not_found"),
        (format!("/api/runtimes/{id}/workers/nobody"), "worker_not_found"),
        (format!("/api/runtimes/{id}/workers/%ff"), "worker_not_found"),
        (format!("/api/runtimes/{id}/workers/{}", worker.to_string().to_uppercase()), "worker_not_found"),
        (format!("/api/runtimes/nobody/workers/{worker}"), "runtime_not_found"),
        (format!("/api/runtimes/NOT%20AN%20ID/workers/{worker}"), "runtime_not_found"),
        ("/api/runtimes/%ff/workers/%ff".to_owned(), "runtime_not_found"),
    ] {
        for query in ["", "?mode=live", "?cursor=nonsense", "?on_gap=close&cursor=x"] {
            let mut watcher = target.watch_path(&format!("{path}/events/ws{query}")).await;
            let all = watcher.up_to(|got| matches!(got, Got::Closed(_) | Got::Lost)).await;
            let words: Vec<_> = all.iter().map(Got::word).collect();
            assert_eq!(words, [word, "4404"], "{path}{query}");
            let Got::Frame(frame) = &all[0] else { panic!("{all:?}") };
            assert_eq!((&frame["diagnostic"]["retryable"], &frame["diagnostic"]["action"]), (&false.into(), &"stop".into()));
            story.got(&all);
        }
    }
    // what is no upgrade is an answer like any other
    let reply = target.ask(story, "GET", &target.of(worker, "/events/ws"), None).await;
    assert_eq!((reply.status, reply.code().as_str()), (426, "upgrade_required"));
}

pub async fn parameters_are_held_to_their_form(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    for query in ["on_gap=maybe", "mode=none", "coalesce=perhaps", "mode=", "mode=live&mode=auto", "cursr=x"] {
        let mut watcher = target.watch(worker, query).await;
        let all = watcher.up_to(|got| matches!(got, Got::Closed(_) | Got::Lost) || got.word() == "ready").await;
        story.got(&all);
        // one that is not known is for a later version, and does not count
        let want = if query == "cursr=x" { vec!["snapshot", "ready"] } else { vec!["bad_request", "4400"] };
        assert_eq!(all.iter().map(Got::word).collect::<Vec<_>>(), want, "{query}");
        if query != "cursr=x" {
            let reply = target.ask(story, "GET", &target.of(worker, &format!("/events?{query}")), None).await;
            assert_eq!((reply.status, reply.code().as_str()), (400, "bad_request"), "{query}");
        }
    }
}

pub async fn a_worker_deleted_while_watched_is_told(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    target.say(worker, "say something").await;
    target.settled(worker).await;
    let mut watcher = target.watch(worker, "").await;
    let mut live = target.watch(worker, "mode=live").await;
    let mut sse = target.sse(worker, "", &[]).await;
    let last = watcher.events_up_to("ready").await.remove(0).cursor;
    live.events_up_to("ready").await;
    target.plain("POST", &target.of(worker, "/stop"), None).await.good(200);
    target.plain("DELETE", &target.of(worker, ""), None).await.good(204);
    let all = watcher.up_to(|got| matches!(got, Got::Closed(_) | Got::Lost)).await;
    let words: Vec<_> = all.iter().map(Got::word).collect();
    assert_eq!(words[words.len() - 2..], ["worker_deleted", "4404"], "{words:?}");
    story.got(&all);
    assert_eq!(live.words_to_the_end().await[words.len() - 2..], ["worker_deleted", "4404"]);
    let mut sent = Vec::new();
    while let Some(got) = sse.next().await {
        sent.push(got.word());
    }
    assert_eq!(sent.last().unwrap(), "worker_deleted", "{sent:?}");
    // and is not there any more, with a good cursor either
    let words = target.watch(worker, &format!("cursor={last}")).await.words_to_the_end().await;
    assert_eq!(words, ["worker_not_found", "4404"]);
    // one of the same name is another
    target.make(1, "script").await;
    let mut again = target.watch(worker, &format!("cursor={last}")).await;
    let first = again.up_to(|got| got.word() == "ready").await;
    let words: Vec<_> = first.iter().map(Got::word).collect();
    assert_eq!(words[words.len() - 2..], ["snapshot", "ready"], "{words:?}");
    assert!(words[0].starts_with("cursor_"), "{words:?}");
    story.note(format!("{words:?}"));
    let Got::Event(snapshot) = &first[words.len() - 2] else { panic!("{first:?}") };
    assert!(snapshot.state().transcript.is_empty());
}

pub async fn a_stopped_worker_is_still_watched(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    target.say(worker, "say something").await;
    target.settled(worker).await;
    target.plain("POST", &target.of(worker, "/stop"), None).await.good(200);
    let mut watcher = target.watch(worker, "").await;
    let first = watcher.up_to(|got| got.word() == "ready").await;
    story.got(&first);
    let Got::Event(snapshot) = &first[0] else { panic!("{first:?}") };
    assert_eq!(snapshot.state().status.as_str(), "stopped");
    target.plain("POST", &target.of(worker, "/resume"), None).await.good(200);
    story.got(&watcher.up_to(is_idle).await);
}
