//! An executor that says what it is told to, line by line.
//!
//! Owns the reading of its lines. Every sort of content that may be hidden can be said; in capitals,
//! so that what it says is not what it was told to.

use futures_util::future::BoxFuture;
use protocol::{AnyEvent, Approval, BlockKind, BlockStatus, Level, Part};
use serde_json::json;
use std::sync::Arc;
use worker_runtime::executor::{Ending, Executor, Output, Profile, RunContext, RunOver, SharedProfile};

struct Actor;

/// The profile, `actor`.
pub fn profile() -> SharedProfile {
    Arc::new(Actor)
}

impl Profile for Actor {
    fn name(&self) -> &str {
        "actor"
    }

    fn executor(&self) -> &'static str {
        "actor"
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(Actor)
    }
}

impl Executor for Actor {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            for (n, line) in context.input_text().lines().enumerate() {
                if act(&context, &format!("b{n}"), line).await.is_err() {
                    return Ending::cancelled();
                }
            }
            Ending::completed()
        })
    }
}

/// One line: `what:words`.
async fn act(context: &RunContext, id: &str, line: &str) -> Result<(), RunOver> {
    let (what, words) = line.split_once(':').unwrap_or((line, ""));
    let words = &*words.to_uppercase();
    match what {
        "text" => block(context, id, BlockKind::Text, words).await,
        "think" => block(context, id, BlockKind::Thinking, words).await,
        "call" => block(context, id, BlockKind::ToolCall, words).await,
        "result" => {
            let content = vec![Part::text(words)];
            context.say(Output::ToolResult { call_id: format!("call-{id}"), content, is_error: false }).await
        }
        "notice" => {
            let (code, message) = ("told".to_owned(), words.to_owned());
            context.say(Output::Notice { level: Level::Info, code, message }).await
        }
        "ask" => {
            let approval: Approval = serde_json::from_value(json!({
                "approval_id": id, "title": "May I?", "options": ["yes", "no"], "arguments": words,
            }))
            .unwrap();
            context.out.ask(approval).await.map(|_| ())
        }
        "unknown" => {
            let json = json!({"type": "of_tomorrow", "words": words, "at": "2026-01-01T00:00:00.000Z"}).to_string();
            match AnyEvent::from_json(&json) {
                Ok(AnyEvent::Unknown(unknown)) => context.say(Output::Unknown(unknown)).await,
                other => panic!("{other:?}"),
            }
        }
        // opened and not closed until the run ends
        "open" => {
            start(context, id, BlockKind::Thinking).await?;
            delta(context, id, words).await
        }
        "hold" => {
            context.cancel.cancelled().await;
            Err(RunOver)
        }
        other => panic!("an actor does not do that: {other}"),
    }
}

async fn block(context: &RunContext, id: &str, kind: BlockKind, words: &str) -> Result<(), RunOver> {
    start(context, id, kind).await?;
    for word in words.split_inclusive(' ') {
        delta(context, id, word).await?;
    }
    context.say(Output::BlockFinished { block_id: id.to_owned(), status: BlockStatus::Complete }).await
}

async fn start(context: &RunContext, id: &str, kind: BlockKind) -> Result<(), RunOver> {
    let tool = (kind == BlockKind::ToolCall).then(|| "shell".to_owned());
    let call_id = tool.as_ref().map(|_| format!("call-{id}"));
    context.say(Output::BlockStarted { block_id: id.to_owned(), kind, call_id, tool, title: None }).await
}

async fn delta(context: &RunContext, id: &str, text: &str) -> Result<(), RunOver> {
    context.say(Output::BlockDelta { block_id: id.to_owned(), text: text.to_owned() }).await
}
