//! The rest of what a plugin has: tools, state, the log, the clock, what it emits.

use crate::support::{Fixture, Plugin, call, kind};
use plugin_host::{Content, Emitted, FolderStorage, ToolCall, ToolError};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn tools_are_listed_and_each_call_has_an_instance_of_its_own() {
    let fixture = Fixture::granted(Plugin::probe()).await;
    let tools = fixture.host.tools();
    assert_eq!((&*tools[0].0, tools[0].1.name.as_str()), ("probe", "do"));
    assert_eq!(tools[0].1.input_schema["type"], "object");
    let answers = fixture.steps(json!([{ "do": "allocate", "bytes": 1000, "keep": true }])).await;
    assert_eq!(answers[0]["ok"]["bytes"], 1000);
    assert_eq!(fixture.steps(json!([{ "do": "allocate", "bytes": 7 }])).await[0]["ok"]["bytes"], 7);
    for (plugin, tool) in [("other", "do"), ("probe", "other")] {
        let call = ToolCall { plugin: plugin.into(), tool: tool.into(), ..call(json!([])) };
        assert_eq!(fixture.host.call(call).await, Err(ToolError::Unknown));
    }
    for arguments in ["", "[]", "{", "\"x\""] {
        let call = ToolCall { arguments: arguments.into(), ..call(json!([])) };
        assert!(matches!(fixture.host.call(call).await, Err(ToolError::InvalidArguments(_))), "{arguments}");
    }
    assert_eq!(fixture.status().counters.calls, 2);
}

#[tokio::test]
async fn state_is_shared_by_instances_and_outlives_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..2 {
        let (plugin, path) = (Plugin::probe(), folder.path().to_owned());
        let targets = plugin.asked.clone();
        let fixture = Fixture::with(plugin, &targets, "{}", move |options| {
            options.storage = Arc::new(FolderStorage::new(path));
        })
        .await;
        let before = fixture.steps(json!([{ "do": "get", "key": "k" }])).await;
        assert_eq!(before[0]["ok"], if round == 0 { json!(null) } else { json!("v") });
        fixture.steps(json!([{ "do": "set", "key": "k", "value": "v" }])).await;
        let answers = fixture
            .steps(json!([
                { "do": "get", "key": "k" },
                { "do": "set", "key": "big", "value_bytes": 65_537 },
                { "do": "set", "key": "no key", "value": "x" },
                { "do": "keys" },
            ]))
            .await;
        assert_eq!(answers[0]["ok"], "v");
        assert_eq!((kind(&answers[1]), kind(&answers[2])), ("value-too-large", "invalid-key"));
        assert_eq!(answers[3]["ok"], json!(["k"]));
    }
}

#[tokio::test]
async fn what_is_emitted_is_typed_bounded_and_named() {
    let mut fixture = Fixture::granted(Plugin::probe()).await;
    let steps = json!([
        { "do": "notice", "code": "a.b", "level": "warning", "text": "x\u{1b}[31m\ny", "worker": "w1" },
        { "do": "tell", "text": "doing\nthings" },
        { "do": "ingress", "kind": "chat/message", "source": "#general", "bytes": 3 },
        { "do": "notice", "code": "Not A Code" },
        { "do": "notice", "text": "x".repeat(5000) },
        { "do": "ingress", "bytes": 65_537 },
        { "do": "tell", "text": "x".repeat(201) },
    ]);
    let call = ToolCall { caller: Some("w0".into()), ..call(steps) };
    let answers = fixture.host.call(call).await.expect("an answer");
    let answers: Vec<serde_json::Value> = serde_json::from_str(&answers).expect("JSON");
    let kinds: Vec<&str> = answers.iter().map(kind).collect();
    assert_eq!(kinds, ["none", "none", "none", "invalid", "too-large", "too-large", "too-large"]);
    let mut outputs = Vec::new();
    while let Ok(output) = fixture.emitted.try_recv() {
        assert_eq!((&*output.plugin, output.caller.as_deref()), ("probe", Some("w0")));
        outputs.push(output);
    }
    assert_eq!(outputs.len(), 3);
    assert_eq!(outputs[0].worker.as_deref(), Some("w1"));
    assert!(matches!(&outputs[0].emitted, Emitted::Notice { message, .. } if message == "x\\u{1b}[31m\ny"));
    assert_eq!(outputs[1].emitted, Emitted::Status("doing\\nthings".into()));
    let content = Content::Binary(vec![1, 2, 3]);
    let (kind, source) = ("chat/message".into(), "#general".into());
    assert_eq!(outputs[2].emitted, Emitted::Ingress { kind, source, content });
}

#[tokio::test]
async fn emitting_and_logging_too_fast_is_held_and_never_blocks() {
    let mut fixture = Fixture::granted(Plugin::probe()).await;
    let steps = json!([
        { "do": "emit_until_refused", "most": 10_000 },
        { "do": "log", "text": "x\u{1b}[2J".repeat(4000), "times": 5000 },
    ]);
    let answers = fixture.steps(steps).await;
    let emitted = answers[0]["ok"]["emitted"].as_u64().expect("a number");
    assert!((50..100).contains(&emitted), "{emitted}");
    assert_eq!(answers[0]["ok"]["error"]["kind"], "too-many");
    assert_eq!(kind(&answers[1]), "none");
    let mut taken = 0;
    while fixture.emitted.try_recv().is_ok() {
        taken += 1;
    }
    assert_eq!(taken, emitted, "what was emitted is there, and nothing of what was refused");
}

#[tokio::test]
async fn the_clock_tells_whole_milliseconds() {
    let fixture = Fixture::granted(Plugin::probe()).await;
    let steps = json!([{ "do": "clock" }, { "do": "sleep", "ms": 30 }, { "do": "clock" }]);
    let answers = fixture.steps(steps).await;
    let number = |at: usize, key: &str| answers[at]["ok"][key].as_u64().expect("a number");
    let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_millis();
    assert!(u128::from(number(2, "now")).abs_diff(now) < 5000);
    assert!((30..5000).contains(&(number(2, "monotonic") - number(0, "monotonic"))));
}
