//! Reading what was said.

use crate::support::{Story, Target, folded};
use serde_json::Value;

async fn pages(target: &Target, worker: protocol::WorkerId, limit: usize) -> Vec<Value> {
    let (mut entries, mut before) = (Vec::new(), String::new());
    loop {
        let path = target.of(worker, &format!("/transcript?limit={limit}{before}"));
        let page = target.plain("GET", &path, None).await.good(200);
        let here = page["entries"].as_array().unwrap().clone();
        assert!(here.len() <= limit && !(here.is_empty() && limit > 0 && page["before"].is_string()), "{page}");
        // newest page first, oldest entry of a page first
        entries.splice(0..0, here);
        let Some(next) = page["before"].as_str() else { return entries };
        before = format!("&before={next}");
    }
}

pub async fn a_transcript_is_paged_to_its_end(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let empty = target.ask(story, "GET", &target.of(worker, "/transcript"), None).await.good(200);
    assert_eq!(empty["entries"], serde_json::json!([]));
    for n in 0..7 {
        target.say(worker, &format!("say {n}")).await;
        target.settled(worker).await;
    }
    target.say(worker, "all").await;
    target.settled(worker).await;
    let whole = pages(target, worker, 200).await;
    assert!(whole.len() > 17, "{}", whole.len());
    for limit in [1, 2, 3, 5] {
        assert_eq!(pages(target, worker, limit).await, whole, "by {limit}");
    }
    story.value(&Value::Array(whole));
    // a page stays what it is while more is said
    let first = target.plain("GET", &target.of(worker, "/transcript?limit=3"), None).await.good(200);
    let path = target.of(worker, &format!("/transcript?limit=3&before={}", first["before"].as_str().unwrap()));
    let second = target.plain("GET", &path, None).await.good(200);
    target.say(worker, "say more").await;
    target.settled(worker).await;
    assert_eq!(target.plain("GET", &path, None).await.good(200), second);
    for query in ["before=nothing", "limit=0", "limit=201", "limit=-1", "befor=x"] {
        let reply = target.ask(story, "GET", &target.of(worker, &format!("/transcript?{query}")), None).await;
        assert_eq!(reply.code(), "invalid_input", "{query}");
    }
}

pub async fn a_tool_s_output_of_20_mb_is_whole_in_the_transcript(target: &Target, story: &mut Story) {
    const BYTES: usize = 20_000_000;
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    target.say(worker, &format!("tool {BYTES}")).await;
    let told = watcher.events_up_to("run_finished").await;
    let result = told.iter().find(|told| told.kind() == "tool_result").unwrap();
    assert!(result.json.len() <= 256 << 10, "{}", result.json.len());
    let result = result.value();
    let cut = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(cut.len() + usize::try_from(result["omitted_bytes"].as_u64().unwrap()).unwrap(), BYTES);
    target.settled(worker).await;
    let entry = newest(target, worker).await;
    let text = entry["content"][0]["text"].as_str().unwrap();
    // a runtime keeps 16 MiB of a result as it is encoded, and says what it left out
    assert_eq!(text.len() + usize::try_from(entry["omitted_bytes"].as_u64().unwrap()).unwrap(), BYTES);
    assert!(text.len() > 15_000_000, "{}", text.len());
    story.note(format!("{} of it in the stream, {} in the transcript", cut.len(), text.len()));
    let fresh = folded_text(target, worker).await;
    assert!(text.contains(&fresh) || fresh.contains(cut), "a snapshot shows what was streamed");
    // and one of 10 MB is whole
    target.say(worker, "tool 10000000").await;
    target.settled(worker).await;
    let entry = newest(target, worker).await;
    let text = entry["content"][0]["text"].as_str().unwrap();
    assert_eq!((text.len(), &entry["omitted_bytes"]), (10_000_000, &Value::Null));
    let numbered = text.lines().enumerate().all(|(n, line)| format!("{n:09}").starts_with(line));
    assert!(numbered, "not whole, or not in order");
}

/// The newest entry of the transcript.
async fn newest(target: &Target, worker: protocol::WorkerId) -> Value {
    let path = target.of(worker, "/transcript?limit=1");
    let mut page = target.plain("GET", &path, None).await.good(200);
    page["entries"][0].take()
}

/// The text of the last entry of the state, as it is folded.
async fn folded_text(target: &Target, worker: protocol::WorkerId) -> String {
    target.caught_up(worker).await;
    let first = target.watch(worker, "").await.events_up_to("ready").await;
    assert!(first[0].json.len() < 8 << 20);
    let state = serde_json::to_value(folded(&first)).unwrap();
    let last = state["transcript"].as_array().unwrap().last().unwrap().clone();
    last["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}
