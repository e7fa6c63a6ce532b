//! What a stream brings, and from where on.

use crate::support::{Got, Story, Target, Told, Watcher, folded, is_idle};
use protocol::AnyEvent;

fn told(got: Vec<Got>) -> Vec<Told> {
    got.into_iter()
        .map(|got| match got {
            Got::Event(told) => told,
            other => panic!("in place of an event: {other:?}"),
        })
        .collect()
}

async fn to_idle(watcher: &mut Watcher) -> Vec<Told> {
    told(watcher.up_to(is_idle).await)
}

pub async fn a_stream_begins_with_a_snapshot(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    let first = watcher.up_to(|got| got.word() == "ready").await;
    let words: Vec<_> = first.iter().map(Got::word).collect();
    assert_eq!(words, ["snapshot", "ready"]);
    story.got(&first);
    let (Got::Event(snapshot), Got::Frame(ready)) = (&first[0], &first[1]) else { panic!("{first:?}") };
    assert_eq!(ready["cursor"], snapshot.cursor);
    assert!(snapshot.cursor.len() <= 96);
    assert!(snapshot.cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    target.say(worker, "all").await;
    let live = watcher.up_to(is_idle).await;
    let words: Vec<_> = live.iter().map(Got::word).collect();
    for word in [
        "run_started", "user_message", "status_changed", "block_started", "block_delta", "block_finished",
        "tool_result", "plan_updated", "usage_updated", "retry_scheduled", "notice", "extension", "of_tomorrow", "run_finished",
    ] {
        assert!(words.iter().any(|found| found == word), "no {word} in {words:?}");
    }
    assert!(!words.iter().any(|word| word == "snapshot" || word == "ready"), "{words:?}");
    let mut cursors: Vec<_> = told(live.clone()).into_iter().map(|told| told.cursor).collect();
    let all = cursors.len();
    cursors.sort();
    cursors.dedup();
    assert_eq!(cursors.len(), all, "a cursor names one event");
    story.got(&live);
}

pub async fn a_cursor_resumes_without_one(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    let first = watcher.events_up_to("ready").await;
    target.say(worker, "all").await;
    let mut all = first;
    all.extend(to_idle(&mut watcher).await);
    let head = all.len() - 1;
    for at in 0..all.len() {
        let mut again = target.watch(worker, &format!("cursor={}", all[at].cursor)).await;
        let replayed = again.events_up_to("ready").await;
        assert_eq!(replayed, all[at + 1..], "from {at}");
        if at == head {
            // nothing was missed, and what is said now comes
            target.say(worker, "say after").await;
            let live = to_idle(&mut again).await;
            assert_eq!(live, to_idle(&mut watcher).await);
            story.got(&live.into_iter().map(Got::Event).collect::<Vec<_>>());
        }
    }
}

pub async fn a_snapshot_in_the_middle_of_a_block_goes_on(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    target.say(worker, "steps 7").await;
    for step in 0..6 {
        target.behind.gate.add_permits(1);
        let told = watcher.up_to(|got| got.word() == "block_delta").await;
        let Some(Got::Event(last)) = told.last() else { panic!("{told:?}") };
        let mut late = target.watch(worker, "").await;
        let first = late.events_up_to("ready").await;
        let state = folded(&first);
        let said: String = (0..=step).map(|n| format!("{n} ")).collect();
        assert_eq!(state.open_blocks.len(), 1);
        assert_eq!(state.open_blocks[0].text, said.as_str().into(), "the part that was missed");
        assert_eq!(first.last().unwrap().cursor, last.cursor, "a snapshot stands where its last event does");
        story.note(serde_json::to_string(&state.open_blocks).unwrap());
        if step < 5 {
            continue;
        }
        target.behind.gate.add_permits(1);
        let (here, there) = (to_idle(&mut watcher).await, to_idle(&mut late).await);
        assert_eq!(here, there);
    }
}

pub async fn modes_are_what_they_say(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let begin = target.watch(worker, "").await.events_up_to("ready").await.remove(0).cursor;
    target.say(worker, "burst 2000").await;
    let head = target.caught_up(worker).await;

    // far behind: a snapshot is less
    let mut auto = target.watch(worker, &format!("mode=auto&cursor={begin}")).await;
    let told = auto.events_up_to("ready").await;
    assert_eq!((told.len(), told[0].is_snapshot(), told[0].cursor.as_str()), (1, true, head.as_str()));
    // near by: what was missed is
    let near = {
        let mut watcher = target.watch(worker, &format!("cursor={begin}")).await;
        let all = watcher.events_up_to("ready").await;
        assert!(all.len() > 2_000, "a replay is whole: {}", all.len());
        all[all.len() - 10].cursor.clone()
    };
    let mut auto = target.watch(worker, &format!("mode=auto&cursor={near}")).await;
    let told = auto.events_up_to("ready").await;
    assert_eq!((told.len(), told[0].is_snapshot()), (9, false));
    // live: neither, with a cursor or without
    for query in ["mode=live".to_owned(), format!("mode=live&cursor={begin}"), "mode=live&cursor=nonsense".to_owned()] {
        let mut live = target.watch(worker, &query).await;
        let first = live.up_to(|got| got.word() == "ready").await;
        story.got(&first);
        assert!(!first.iter().any(|got| matches!(got, Got::Event(_))), "{query}: {first:?}");
        target.say(worker, "say now").await;
        let told = to_idle(&mut live).await;
        assert_eq!(told[0].kind(), "run_started", "{query}");
        target.settled(worker).await;
    }
    // unmerged, whatever comes
    let mut each = target.watch(worker, &format!("coalesce=off&cursor={begin}")).await;
    let told = each.events_up_to("ready").await;
    let deltas = told.iter().filter(|told| told.kind() == "block_delta").count();
    assert_eq!(deltas, 2_000 + 3);
    story.note(format!("{deltas} deltas in {} events", told.len()));
}

pub async fn events_pass_through_byte_for_byte(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut own = target.watch_direct(worker, "coalesce=off").await;
    let mut through = target.watch(worker, "coalesce=off").await;
    let mut sse = target.sse(worker, "coalesce=off", &[]).await;
    for watcher in [&mut own, &mut through] {
        watcher.events_up_to("ready").await;
    }
    while sse.next().await.unwrap().word() != "ready" {}
    target.say(worker, "all").await;
    let (own, through) = (to_idle(&mut own).await, to_idle(&mut through).await);
    assert!(own.len() > 20, "{}", own.len());
    let spelled = own.iter().find(|told| told.kind() == "of_tomorrow").unwrap();
    assert!(spelled.json.contains(r#""n":1.50, "é":"\u00e9\/", "deep":[ {} ]}"#), "{}", spelled.json);
    for (own, through) in own.iter().zip(&through) {
        assert_eq!(own.json, through.json);
        assert_ne!(own.cursor, through.cursor);
        let Some(Got::Event(sent)) = sse.next().await else { panic!("no event") };
        assert_eq!(sent, *through);
    }
    assert_eq!(own.len(), through.len());
    story.note(format!("{} events", own.len()));
    let direct = target.watch_direct(worker, "").await.events_up_to("ready").await;
    let fresh = target.watch(worker, "").await.events_up_to("ready").await;
    assert_eq!(folded(&direct), folded(&fresh));
}

pub async fn everybody_converges(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watchers = Vec::new();
    for (n, text) in ["all", "say one two three", "tool 400000", "burst 700", "fail", "all"].iter().enumerate() {
        let query = ["", "coalesce=off", "mode=auto"][n % 3];
        let mut watcher = target.watch(worker, query).await;
        let first = watcher.events_up_to("ready").await;
        watchers.push((watcher, folded(&first)));
        target.say(worker, text).await;
        let detail = target.settled(worker).await;
        let head = detail["cursor"].as_str().unwrap();
        let truth = folded(&target.watch_direct(worker, "").await.events_up_to("ready").await);
        let is_head = |got: &Got| matches!(got, Got::Event(told) if told.cursor == head);
        let fresh = told(target.watch(worker, "").await.up_to_events(is_head).await);
        assert_eq!(folded(&fresh), truth);
        for (watcher, state) in &mut watchers {
            for told in told(watcher.up_to(is_head).await) {
                state.apply(&AnyEvent::from_json(&told.json).unwrap());
            }
            assert_eq!(*state, truth, "after `{text}`");
        }
    }
    story.note(format!("{} converged", watchers.len()));
}
