//! Cursors: what they are good for, and how they stop being good.

use crate::support::{Got, Story, Target};
use protocol::WorkerId;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

async fn refused(target: &Target, worker: WorkerId, cursor: &str) {
    let mut watcher = target.watch(worker, &format!("on_gap=close&cursor={cursor}")).await;
    assert_eq!(watcher.words_to_the_end().await, ["cursor_unknown", "4409"], "{cursor}");
}

pub async fn a_cursor_is_good_for_one_worker_and_whole(target: &Target, story: &mut Story) {
    let (worker, other) = (target.make(1, "script").await, target.make(2, "script").await);
    for worker in [worker, other] {
        target.say(worker, "say x").await;
        target.caught_up(worker).await;
    }
    let good = target.detail(worker).await["cursor"].as_str().unwrap().to_owned();
    let first = target.watch(worker, &format!("on_gap=close&cursor={good}")).await.events_up_to("ready").await;
    assert_eq!(first, []);
    // in place of which the stream begins anew, in the same connection
    let mut watcher = target.watch(other, &format!("cursor={good}")).await;
    let told = watcher.up_to(|got| got.word() == "ready").await;
    assert_eq!(told[..2].iter().map(Got::word).collect::<Vec<_>>(), ["cursor_unknown", "snapshot"]);
    story.got(&told[..1]);
    refused(target, other, &good).await;
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        let place = ALPHABET.iter().position(|b| *b == bytes[at]).unwrap();
        // one bit of the six that a character stands for, another in each place
        bytes[at] = ALPHABET[place ^ (1 << (at % 6))];
        refused(target, worker, std::str::from_utf8(&bytes).unwrap()).await;
    }
    // each bit of the last: base64 may have some there that stand for nothing
    for bit in 0..6 {
        let mut bytes = good.clone().into_bytes();
        let last = bytes.last_mut().unwrap();
        let place = ALPHABET.iter().position(|b| b == last).unwrap();
        *last = ALPHABET[place ^ (1 << bit)];
        refused(target, worker, std::str::from_utf8(&bytes).unwrap()).await;
    }
    let shorter = &good[..good.len() - 1];
    for bad in [shorter, &format!("{good}A"), &format!("{good}="), "x", "%00", &"A".repeat(96), &"A".repeat(10_000), "%ff"] {
        refused(target, worker, bad).await;
    }
    // none at all is none
    let told = target.watch(worker, "on_gap=close&cursor=").await.up_to(|got| got.word() == "ready" || matches!(got, Got::Closed(_))).await;
    assert_eq!(told[0].word(), "snapshot");
    story.note(format!("{} long", good.len()));
}

pub async fn a_cursor_too_old_is_expired(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let old = target.watch(worker, "").await.events_up_to("ready").await.remove(0).cursor;
    for _ in 0..2 {
        target.say(worker, "burst 5000").await;
        target.caught_up(worker).await;
    }
    let mut watcher = target.watch(worker, &format!("cursor={old}")).await;
    let told = watcher.up_to(|got| got.word() == "ready").await;
    assert_eq!(told[..2].iter().map(Got::word).collect::<Vec<_>>(), ["cursor_expired", "snapshot"]);
    let Got::Frame(frame) = &told[0] else { panic!("{told:?}") };
    assert_eq!(frame["diagnostic"]["reason"], "retention");
    assert_eq!((&frame["diagnostic"]["retryable"], &frame["cursor"]), (&true.into(), &serde_json::Value::Null));
    story.got(&told[..1]);
    let mut watcher = target.watch(worker, &format!("on_gap=close&cursor={old}")).await;
    let told = watcher.up_to(|got| matches!(got, Got::Closed(_))).await;
    assert_eq!(told.iter().map(Got::word).collect::<Vec<_>>(), ["cursor_expired", "4410"]);
    story.got(&told);
}

pub async fn a_cursor_is_the_same_everywhere(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut early = target.watch(worker, "").await;
    let begin = early.events_up_to("ready").await.remove(0);
    target.say(worker, "all").await;
    let live = early.up_to(crate::support::is_idle).await;
    let mut late = target.watch(worker, &format!("cursor={}", begin.cursor)).await;
    let replayed = late.up_to(|got| got.word() == "ready").await;
    assert_eq!(live, replayed[..replayed.len() - 1]);
    // once nobody has watched for long, the mirror is made anew: with the same cursors
    drop((early, late));
    tokio::time::sleep(std::time::Duration::from_millis(2_300)).await;
    let mut anew = target.watch(worker, &format!("cursor={}", begin.cursor)).await;
    assert_eq!(anew.up_to(|got| got.word() == "ready").await[..live.len()], live);
    story.note(format!("{} events", live.len()));
}
