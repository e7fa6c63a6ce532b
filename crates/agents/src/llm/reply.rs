//! One answer of a model, as the blocks of a run.
//!
//! Owns which block is open, and what of the answer was said. Must not call a tool, nor ask again.

use super::conversation;
use super::failure::Failure;
use super::provider::{Answer, Said};
use crate::names::Names;
use crate::secret::{Redactor, Stream};
use genai::chat::{ChatMessage, ContentPart, MessageContent, StopReason, ToolCall, Usage};
use protocol::{BlockKind, BlockStatus};
use serde_json::Value;
use yoi_executor::{Output, RunContext, RunOver};

/// The most calls of one answer.
const CALLS: usize = 32;

/// A call that a model asks for.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its name in the log.
    pub id: String,
    /// As the model asked for it.
    pub asked: ToolCall,
    /// Its arguments; why they are none.
    pub arguments: Result<Value, String>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// For the conversation; none where it is empty.
    pub message: Option<ChatMessage>,
    /// What it asks for.
    pub calls: Vec<Call>,
    /// What it took.
    pub usage: Option<Usage>,
    /// Why it ended.
    pub stop: StopReason,
    /// Its text.
    pub text: String,
}

/// Why an answer is not whole.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The run is over.
    Over,
    /// The provider failed. What was said is closed as interrupted.
    Failed(Failure),
}

impl From<RunOver> for Broken {
    fn from(_: RunOver) -> Broken {
        Broken::Over
    }
}

/// A block that is open.
struct Open {
    block_id: String,
    kind: BlockKind,
    words: Stream,
}

/// A call that is being spelled.
struct Spelled {
    /// As the library names it.
    asked_id: String,
    id: String,
    block_id: String,
    words: Stream,
    /// What of its arguments was said.
    text: String,
}

/// Says an answer as it comes.
pub(crate) struct Listener<'r> {
    context: &'r RunContext,
    redactor: &'r Redactor,
    names: &'r mut Names,
    /// The kind of the block that text is said in.
    kind: BlockKind,
    title: Option<&'static str>,
    open: Option<Open>,
    calls: Vec<Spelled>,
    text: String,
}

impl<'r> Listener<'r> {
    pub(crate) fn new(context: &'r RunContext, redactor: &'r Redactor, names: &'r mut Names) -> Listener<'r> {
        let (kind, title) = (BlockKind::Text, None);
        Listener { context, redactor, names, kind, title, open: None, calls: Vec::new(), text: String::new() }
    }

    /// The same, whose text is a block of another kind.
    pub(crate) fn titled(self, kind: BlockKind, title: &'static str) -> Listener<'r> {
        Listener { kind, title: Some(title), ..self }
    }

    /// Listens to the end.
    pub(crate) async fn listen(mut self, mut answer: Answer) -> Result<Reply, Broken> {
        let end = loop {
            let said = tokio::select! {
                biased;
                () = self.context.cancel.cancelled() => return Err(Broken::Over),
                said = answer.next() => said,
            };
            match said {
                Ok(Said::Text(text)) => {
                    self.text.push_str(&text);
                    self.words(self.kind.clone(), &text).await?;
                }
                Ok(Said::Thinking(text)) => self.words(BlockKind::Thinking, &text).await?,
                Ok(Said::Call(call)) => self.spell(&call).await?,
                Ok(Said::End(end)) => break *end,
                Err(failure) => {
                    self.close(BlockStatus::Interrupted).await?;
                    return Err(Broken::Failed(failure));
                }
            }
        };
        let content = end.captured_content.unwrap_or_default();
        let stop = end.captured_stop_reason.unwrap_or(StopReason::Other(String::new()));
        let asked: Vec<ToolCall> = content.tool_calls().into_iter().take(CALLS).cloned().collect();
        let calls = self.whole_calls(asked).await?;
        self.close(BlockStatus::Complete).await?;
        let message = message(content, end.captured_reasoning_content, &calls);
        Ok(Reply { message, calls, usage: end.captured_usage, stop, text: self.text })
    }

    async fn words(&mut self, kind: BlockKind, text: &str) -> Result<(), RunOver> {
        if text.is_empty() {
            return Ok(());
        }
        if self.open.as_ref().is_none_or(|open| open.kind != kind) {
            self.close_open(BlockStatus::Complete).await?;
            let block_id = self.names.block();
            let title = self.title.filter(|_| kind == self.kind).map(str::to_owned);
            let started = Output::BlockStarted {
                block_id: block_id.clone(),
                kind: kind.clone(),
                call_id: None,
                tool: None,
                title,
            };
            self.context.say(started).await?;
            self.open = Some(Open { block_id, kind, words: self.redactor.stream() });
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let text = open.words.push(text);
        let block_id = open.block_id.clone();
        self.delta(block_id, text).await
    }

    async fn delta(&self, block_id: String, text: String) -> Result<(), RunOver> {
        if text.is_empty() { Ok(()) } else { self.context.say(Output::BlockDelta { block_id, text }).await }
    }

    async fn spell(&mut self, call: &ToolCall) -> Result<(), RunOver> {
        let text = arguments_text(&call.fn_arguments);
        let known = self.calls.iter().position(|spelled| {
            // arguments that come whole are of a call of their own
            spelled.asked_id == call.call_id && call.fn_arguments.is_string()
        });
        let at = match known {
            Some(at) => at,
            None if self.calls.len() >= CALLS => return Ok(()),
            None => self.begin_call(call).await?,
        };
        self.extend(at, &text).await
    }

    async fn begin_call(&mut self, call: &ToolCall) -> Result<usize, RunOver> {
        self.close_open(BlockStatus::Complete).await?;
        let (block_id, id) = (self.names.block(), self.names.call());
        let started = Output::BlockStarted {
            block_id: block_id.clone(),
            kind: BlockKind::ToolCall,
            call_id: Some(id.clone()),
            tool: Some(call.fn_name.clone()),
            title: None,
        };
        self.context.say(started).await?;
        let (asked_id, words, text) = (call.call_id.clone(), self.redactor.stream(), String::new());
        self.calls.push(Spelled { asked_id, id, block_id, words, text });
        Ok(self.calls.len() - 1)
    }

    /// Says what is new of a call's arguments.
    async fn extend(&mut self, at: usize, text: &str) -> Result<(), RunOver> {
        let Some(spelled) = self.calls.get_mut(at) else { return Ok(()) };
        let Some(new) = text.strip_prefix(spelled.text.as_str()) else { return Ok(()) };
        let said = spelled.words.push(new);
        spelled.text.push_str(new);
        let block_id = spelled.block_id.clone();
        self.delta(block_id, said).await
    }

    /// The calls of the whole answer. One that was spelled otherwise is spelled again.
    async fn whole_calls(&mut self, asked: Vec<ToolCall>) -> Result<Vec<Call>, RunOver> {
        let mut calls = Vec::new();
        for (at, asked) in asked.into_iter().enumerate() {
            let text = arguments_text(&asked.fn_arguments);
            match self.calls.get(at) {
                None => {
                    self.begin_call(&asked).await?;
                    self.extend(at, &text).await?;
                }
                Some(spelled) if text.starts_with(&spelled.text) => self.extend(at, &text).await?,
                Some(spelled) if says_the_same(&spelled.text, &asked.fn_arguments) => {}
                Some(_) => {
                    self.respell(at, &asked).await?;
                    self.extend(at, &text).await?;
                }
            }
            let Some(spelled) = self.calls.get(at) else { continue };
            let arguments = parse(&asked.fn_arguments);
            calls.push(Call { id: spelled.id.clone(), asked, arguments });
        }
        Ok(calls)
    }

    async fn respell(&mut self, at: usize, asked: &ToolCall) -> Result<(), RunOver> {
        let Some(old) = self.calls.get(at) else { return Ok(()) };
        let (block_id, status) = (old.block_id.clone(), BlockStatus::Interrupted);
        self.context.say(Output::BlockFinished { block_id, status }).await?;
        self.begin_call(asked).await?;
        if let Some(new) = self.calls.pop()
            && let Some(old) = self.calls.get_mut(at)
        {
            *old = new;
        }
        Ok(())
    }

    async fn close_open(&mut self, status: BlockStatus) -> Result<(), RunOver> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let rest = open.words.finish();
        self.delta(open.block_id.clone(), rest).await?;
        self.context.say(Output::BlockFinished { block_id: open.block_id, status }).await
    }

    async fn close(&mut self, status: BlockStatus) -> Result<(), RunOver> {
        self.close_open(status.clone()).await?;
        for mut spelled in std::mem::take(&mut self.calls) {
            let rest = spelled.words.finish();
            self.delta(spelled.block_id.clone(), rest).await?;
            self.context.say(Output::BlockFinished { block_id: spelled.block_id, status: status.clone() }).await?;
        }
        Ok(())
    }
}

fn arguments_text(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whether what was said of a call's arguments is what they are, in other words.
fn says_the_same(said: &str, arguments: &Value) -> bool {
    serde_json::from_str::<Value>(said).is_ok_and(|said| said == *arguments)
}

/// The arguments as an object; why they are none.
fn parse(arguments: &Value) -> Result<Value, String> {
    match arguments {
        Value::Object(_) => Ok(arguments.clone()),
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        Value::String(text) if text.trim().is_empty() => Ok(Value::Object(serde_json::Map::new())),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(Value::Object(object)),
            Ok(_) => Err("the arguments are not a JSON object".to_owned()),
            Err(error) => Err(format!("the arguments are not JSON: {error}; they may have been cut off")),
        },
        _ => Err("the arguments are not a JSON object".to_owned()),
    }
}

/// What stands for the answer in the conversation: with everything that the provider wants to see
/// again, and arguments that are objects.
fn message(content: MessageContent, reasoning: Option<String>, calls: &[Call]) -> Option<ChatMessage> {
    let contains_reasoning = content.contains_reasoning_content();
    let mut at = 0;
    let mut parts = Vec::new();
    for part in content.into_parts() {
        match part {
            ContentPart::ToolCall(mut call) => {
                let Some(known) = calls.get(at) else { continue };
                at += 1;
                call.fn_arguments = match &known.arguments {
                    Ok(arguments) => arguments.clone(),
                    Err(_) => conversation::arguments(&arguments_text(&call.fn_arguments)),
                };
                parts.push(ContentPart::ToolCall(call));
            }
            ContentPart::Text(text) if text.trim().is_empty() => {}
            other => parts.push(other),
        }
    }
    let says_something = |part: &ContentPart| matches!(part, ContentPart::Text(_) | ContentPart::ToolCall(_));
    if !parts.iter().any(says_something) {
        return None;
    }
    let message = ChatMessage::assistant(MessageContent::from_parts(parts));
    Some(if contains_reasoning { message } else { message.with_reasoning_content(reasoning) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_objects_or_told() {
        assert_eq!(parse(&json!("{\"a\":1}")), Ok(json!({"a": 1})));
        assert_eq!(parse(&json!("")), Ok(json!({})));
        assert_eq!(parse(&Value::Null), Ok(json!({})));
        assert!(parse(&json!("{\"a\":")).unwrap_err().contains("cut off"));
        assert!(parse(&json!("[1]")).unwrap_err().contains("not a JSON object"));
    }
}
