//! Much at once, for many.

use crate::support::{Got, Story, Target};
use futures_util::future::join_all;
use serde_json::Value;

const WATCHERS: usize = 50;
const DELTAS: usize = 5_000;

pub async fn a_burst_reaches_everybody_complete_and_in_order(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watchers = join_all((0..WATCHERS).map(|_| target.watch(worker, "coalesce=off"))).await;
    for watcher in &mut watchers {
        watcher.events_up_to("ready").await;
    }
    target.say(worker, &format!("burst {DELTAS}")).await;
    let all = join_all(watchers.iter_mut().map(|watcher| watcher.up_to(|got| {
        matches!(got, Got::Event(told) if told.json.starts_with(r#"{"type":"run_finished""#))
    })));
    let all = all.await;
    let mut next = 0;
    for got in &all[0] {
        let Got::Event(told) = got else { panic!("{got:?}") };
        if told.json.starts_with(r#"{"type":"block_delta""#) {
            let delta: Value = serde_json::from_str(&told.json).unwrap();
            assert_eq!(delta["text"], format!("{next} "));
            next += 1;
        }
    }
    assert_eq!(next, DELTAS);
    assert!(all.iter().all(|other| *other == all[0]), "somebody was told something else");
    // one upstream for all of them
    let mine = target.behind.runtime.management().counts().watchers;
    assert!(mine <= 1, "{mine} connections to the runtime");
    story.note(format!("{} events each", all[0].len()));
}
