//! The profile of the tests: does what its input says.
//!
//! Owns the words of such inputs. Everything it says is the same each time, so that two runtimes
//! can be compared.

use futures_util::future::BoxFuture;
use protocol::{AnyEvent, Approval, BlockKind, BlockStatus, Level, Part, PlanItem, Usage};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;
use worker_runtime::executor::{Ending, Executor, Output, Profile, RunContext, RunOver};

/// An event of a type that nobody knows, spelled as nobody here would spell it.
pub const UNKNOWN: &str = r#"{ "type":"of_tomorrow" ,"n":1.50, "é":"\u00e9\/", "deep":[ {} ]}"#;

/// The profile `script`. Its inputs:
///
/// | | |
/// |---|---|
/// | `say WORDS` | a block with one delta for each word |
/// | `burst N` | a block of N numbered deltas |
/// | `steps N` | the same, each delta once the test lets it through the gate |
/// | `tool N` | a tool call, and its result of N bytes |
/// | `ask` | asks a person, and says what the answer was |
/// | `all` | everything that an executor can say |
/// | `fail` | fails |
pub struct Script {
    /// Lets `steps` through.
    pub gate: Arc<Semaphore>,
}

impl Profile for Script {
    fn name(&self) -> &str {
        "script"
    }

    fn executor(&self) -> &'static str {
        "script"
    }

    fn description(&self) -> Option<&str> {
        Some("Does what it is told")
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(Player { gate: Arc::clone(&self.gate) })
    }
}

struct Player {
    gate: Arc<Semaphore>,
}

impl Executor for Player {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move { play(&self.gate, &context).await.unwrap_or_else(|RunOver| Ending::cancelled()) })
    }
}

fn started(block_id: &str, kind: BlockKind) -> Output {
    Output::BlockStarted { block_id: block_id.to_owned(), kind, call_id: None, tool: None, title: None }
}

fn delta(block_id: &str, text: impl Into<String>) -> Output {
    Output::BlockDelta { block_id: block_id.to_owned(), text: text.into() }
}

fn finished(block_id: &str) -> Output {
    Output::BlockFinished { block_id: block_id.to_owned(), status: BlockStatus::Complete }
}

async fn play(gate: &Semaphore, context: &RunContext) -> Result<Ending, RunOver> {
    let text = context.input_text();
    let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let number = || rest.parse::<usize>().unwrap_or_else(|_| panic!("no number: {text}"));
    match word {
        "say" => {
            context.say(started("b", BlockKind::Text)).await?;
            for word in rest.split_inclusive(' ') {
                context.say(delta("b", word)).await?;
            }
            context.say(finished("b")).await?;
        }
        "burst" | "steps" => {
            context.say(started("b", BlockKind::Text)).await?;
            for n in 0..number() {
                if word == "steps" {
                    tokio::select! {
                        permit = gate.acquire() => permit.map_err(|_| RunOver)?.forget(),
                        () = context.cancel.cancelled() => return Err(RunOver),
                    }
                }
                context.say(delta("b", format!("{n} "))).await?;
            }
            context.say(finished("b")).await?;
        }
        "tool" => {
            let call = Output::BlockStarted {
                block_id: "t".to_owned(),
                kind: BlockKind::ToolCall,
                call_id: Some("c".to_owned()),
                tool: Some("read".to_owned()),
                title: None,
            };
            context.say(call).await?;
            context.say(finished("t")).await?;
            // numbered, so that a part of it shows where it is from
            let mut words = String::with_capacity(number() + 16);
            let mut n = 0;
            while words.len() < number() {
                words.push_str(&format!("{n:09}\n"));
                n += 1;
            }
            words.truncate(number());
            let content = vec![Part::text(words)];
            context.say(Output::ToolResult { call_id: "c".to_owned(), content, is_error: false }).await?;
        }
        "ask" => {
            let approval = Approval {
                approval_id: "a".to_owned(),
                title: "May I?".to_owned(),
                options: ["yes", "no"].map(String::from).into(),
                call_id: None,
                extra: serde_json::Map::new(),
            };
            let answer = tokio::select! {
                answer = context.out.ask(approval) => answer?,
                () = context.cancel.cancelled() => return Err(RunOver),
            };
            context.say(started("b", BlockKind::Text)).await?;
            context.say(delta("b", answer)).await?;
            context.say(finished("b")).await?;
        }
        "all" => all(context).await?,
        "fail" => return Ok(Ending::failed("broken", "it is broken")),
        _ => panic!("not a word of the script: {text}"),
    }
    Ok(Ending::completed())
}

async fn all(context: &RunContext) -> Result<(), RunOver> {
    context.say(started("h", BlockKind::Thinking)).await?;
    context.say(delta("h", "let me \u{1f600} see\n")).await?;
    context.say(finished("h")).await?;
    let call = Output::BlockStarted {
        block_id: "t".to_owned(),
        kind: BlockKind::ToolCall,
        call_id: Some("c1".to_owned()),
        tool: Some("write".to_owned()),
        title: Some("Write a file".to_owned()),
    };
    context.say(call).await?;
    context.say(delta("t", r#"{"path":"#)).await?;
    context.say(delta("t", r#""a.txt"}"#)).await?;
    context.say(finished("t")).await?;
    let parts = [
        json!({"type": "text", "text": "done"}),
        json!({"type": "diff", "path": "a.txt", "old": "", "new": "x", "of_tomorrow": 1}),
        json!({"type": "hologram", "data": [1, 2]}),
    ];
    let content = parts.map(|part| serde_json::from_value(part).expect("a part")).into();
    context.say(Output::ToolResult { call_id: "c1".to_owned(), content, is_error: true }).await?;
    let item: PlanItem =
        serde_json::from_value(json!({"content": "one", "status": "in_progress"})).expect("an item of a plan");
    context.say(Output::Plan(vec![item])).await?;
    let usage: Usage =
        serde_json::from_value(json!({"input_tokens": 3, "output_tokens": 4, "cost_usd": 0.5})).expect("totals");
    context.say(Output::Usage(usage)).await?;
    context.say(Output::Retry { attempt: 2, wait_ms: 5, reason: "overloaded".to_owned() }).await?;
    let (code, message) = ("low_disk".to_owned(), "little room is left".to_owned());
    context.say(Output::Notice { level: Level::Warning, code, message }).await?;
    context.say(Output::Extension { namespace: "test.x".to_owned(), value: json!({"a": [null, 1e3]}) }).await?;
    if let AnyEvent::Unknown(unknown) = AnyEvent::from_json(UNKNOWN).expect("an event") {
        context.say(Output::Unknown(unknown)).await?;
    }
    context.say(started("b", BlockKind::Text)).await?;
    context.say(delta("b", "\"quoted\" \\ \u{7f} é \u{2028}")).await?;
    context.say(finished("b")).await
}
