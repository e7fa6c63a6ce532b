//! Workers that say all there is to say.
//!
//! Owns an executor whose every choice follows from its input: whoever asks for the same gets the
//! same.

use crate::random::Random;
use futures_util::future::BoxFuture;
use protocol::{Approval, BlockKind, BlockStatus, Level, Part, PlanItem, Usage};
use serde_json::{Map, json};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;
use worker_runtime::executor::{Ending, Executor, Output, Profile, RunContext, RunOver};

pub struct Talker;

impl Profile for Talker {
    fn name(&self) -> &str {
        "talker"
    }

    fn executor(&self) -> &'static str {
        "talker"
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(Talking)
    }
}

struct Talking;

impl Executor for Talking {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            match talk(&context).await {
                Ok(ending) => ending,
                Err(RunOver) => Ending::cancelled(),
            }
        })
    }
}

async fn talk(context: &RunContext) -> Result<Ending, RunOver> {
    let mut hasher = DefaultHasher::new();
    hasher.write(context.input_text().as_bytes());
    let mut random = Random::new(hasher.finish());
    for n in 0..random.between(1, 8) {
        say(context, &mut random, n).await?;
        pause(context, random.millis(400)).await?;
    }
    let usage = Usage { input_tokens: random.below(100), output_tokens: random.below(100), extra: Map::new() };
    context.say(Output::Usage(usage)).await?;
    Ok(match random.below(6) {
        0 => Ending::failed("overloaded", "the model has had enough"),
        1 => Ending::limit("tokens", "that was all"),
        _ => Ending::completed(),
    })
}

async fn pause(context: &RunContext, time: Duration) -> Result<(), RunOver> {
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(RunOver),
        () = tokio::time::sleep(time) => Ok(()),
    }
}

async fn say(context: &RunContext, random: &mut Random, n: u64) -> Result<(), RunOver> {
    match random.below(12) {
        0 => {
            let (level, code) = (Level::Info, "n".to_owned());
            context.say(Output::Notice { level, code, message: format!("notice {n} {}", random.below(1_000)) }).await
        }
        1 => {
            let item =
                |n| serde_json::from_value::<PlanItem>(json!({ "content": format!("step {n}"), "status": "pending" }));
            context.say(Output::Plan((0..n).map(|n| item(n).unwrap()).collect())).await
        }
        2 => {
            let event = format!(r#"{{"type":"of_tomorrow","n":{n}.50 , "at":"2030-01-01T00:00:00.000Z"}}"#);
            match protocol::AnyEvent::from_json(&event) {
                Ok(protocol::AnyEvent::Unknown(event)) => context.say(Output::Unknown(event)).await,
                _ => unreachable!("{event}"),
            }
        }
        3 => ask(context, random, n).await,
        4 => {
            let call = Some(format!("c{n}"));
            block(context, random, format!("t{n}"), BlockKind::ToolCall, call).await?;
            let content = vec![Part::text("x".repeat(random.between(1, 3_000) as usize))];
            context.say(Output::ToolResult { call_id: format!("c{n}"), content, is_error: random.once_in(2) }).await
        }
        5 => block(context, random, format!("h{n}"), BlockKind::Thinking, None).await,
        _ => block(context, random, format!("b{n}"), BlockKind::Text, None).await,
    }
}

async fn block(
    context: &RunContext,
    random: &mut Random,
    block_id: String,
    kind: BlockKind,
    call_id: Option<String>,
) -> Result<(), RunOver> {
    let tool = call_id.as_ref().map(|_| "grep".to_owned());
    context.say(Output::BlockStarted { block_id: block_id.clone(), kind, call_id, tool, title: None }).await?;
    for n in 0..random.between(1, 40) {
        let text =
            if random.once_in(60) { "lots and lots ".repeat(400) } else { format!("{n}-{} ", random.below(100)) };
        context.say(Output::BlockDelta { block_id: block_id.clone(), text }).await?;
        if random.once_in(4) {
            pause(context, random.millis(120)).await?;
        }
    }
    let status = if random.once_in(5) { BlockStatus::Interrupted } else { BlockStatus::Complete };
    context.say(Output::BlockFinished { block_id, status }).await
}

/// Asks, and goes on without an answer where none comes.
async fn ask(context: &RunContext, random: &mut Random, n: u64) -> Result<(), RunOver> {
    let approval_id = format!("q{n}");
    let approval = json!({ "approval_id": approval_id, "title": "May I?", "options": ["yes", "no"] });
    let approval = serde_json::from_value::<Approval>(approval).unwrap();
    let (answer, mut answered) = tokio::sync::oneshot::channel();
    context.say(Output::Ask { approval, answer }).await?;
    let patience = Duration::from_millis(random.between(50, 1_500));
    if tokio::time::timeout(patience, &mut answered).await.is_err() {
        context.say(Output::Answered { approval_id, outcome: "cancelled".to_owned() }).await?;
    }
    Ok(())
}
