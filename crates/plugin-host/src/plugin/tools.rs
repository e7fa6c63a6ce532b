//! Tools of a plugin.
//!
//! Owns asking for them and calling them, each call in an instance of its own that is gone when the
//! answer is there. A plugin's calls share nothing but its `state`. Must not cut an answer: one that
//! is too large is an error.

use crate::bindings::tools::{Tool as Listed, ToolError as Said};
use crate::cache::Prepared;
use crate::context::Context;
use crate::instance::{CallError, Instance, Until};
use crate::text::{self, Lines};
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

const MAX_TOOLS: usize = 64;
const MAX_NAME_BYTES: usize = 64;
const MAX_DESCRIPTION_BYTES: usize = 4 << 10;
const MAX_SCHEMA_BYTES: usize = 16 << 10;
const MAX_ARGUMENTS_BYTES: usize = 256 << 10;
const MAX_ANSWER_BYTES: usize = 256 << 10;

/// A tool that a worker's model may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Unique in its plugin.
    pub name: String,
    /// For the model.
    pub description: String,
    /// A JSON Schema of type `object`.
    pub input_schema: serde_json::Value,
}

/// A call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// There is no such plugin, or it is not in force, or it has not such a tool.
    #[error("there is no such tool")]
    Unknown,
    /// The arguments are not what the tool takes. The model may try again.
    #[error("{0}")]
    InvalidArguments(String),
    /// The tool could not do it.
    #[error("{0}")]
    Failed(String),
    /// The answer is larger than a model is given.
    #[error("the answer is larger than {MAX_ANSWER_BYTES} bytes")]
    TooLarge,
    /// There are as many instances as the host has room for, and none ended in time.
    #[error("the host has no room for another call")]
    Busy,
    /// The plugin did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// The tools of a plugin are not what they may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The plugin did not answer.
    #[error("list: {0}")]
    Call(#[from] CallError),
    /// There are too many.
    #[error("list: there are more than {MAX_TOOLS} tools")]
    TooMany,
    /// One of them is wrong.
    #[error("list: the tool `{name}` {problem}")]
    Tool {
        /// Which.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Asks for the tools. The context is one with nothing granted.
pub(crate) async fn list(
    prepared: &Prepared,
    context: Arc<Context>,
    slots: &Arc<Semaphore>,
    kill: &CancellationToken,
) -> Result<Vec<Tool>, ListError> {
    let Some(indices) = &prepared.tools else { return Ok(Vec::new()) };
    let deadline = Instant::now() + Duration::from_millis(context.limits.start_deadline_ms);
    let until = Until { deadline: Some(deadline), kill: kill.clone() };
    let slot = timeout_at(deadline, slots.clone().acquire_owned()).await;
    let slot = slot.ok().and_then(Result::ok).ok_or(CallError::Deadline)?;
    // told to end from the first: whatever waits answers `cancelled`
    let told = CancellationToken::new();
    told.cancel();
    let mut instance = Box::pin(Instance::new(prepared, context, told, None, slot, &until)).await?;
    let guest = instance.load(|store, instance| indices.load(store, instance))?;
    let called = instance.call(&until, move |store| Box::pin(async move { guest.call_list(store).await }));
    let (instance, listed) = Box::pin(called).await?;
    instance.close().await;
    check(listed)
}

/// Calls a tool. The future is the call: it goes on in nobody's absence.
pub(crate) async fn call(
    prepared: &Prepared,
    context: Arc<Context>,
    slots: &Arc<Semaphore>,
    kill: CancellationToken,
    caller: Option<Arc<str>>,
    name: String,
    arguments: String,
) -> Result<String, ToolError> {
    let Some(indices) = &prepared.tools else { return Err(ToolError::Unknown) };
    let deadline = Instant::now() + Duration::from_millis(context.limits.call_deadline_ms);
    // its own share first, so that one plugin's calls never take all the room that there is
    let room = async {
        let share = context.calls.clone().acquire_owned().await.ok()?;
        Some((share, slots.clone().acquire_owned().await.ok()?))
    };
    let room = tokio::select! {
        () = kill.cancelled() => return Err(ToolError::Call(CallError::Stopped)),
        room = timeout_at(deadline, room) => room.ok().flatten(),
    };
    let (_share, slot) = room.ok_or(ToolError::Busy)?;
    let until = Until { deadline: Some(deadline), kill: kill.clone() };
    let mut instance = Box::pin(Instance::new(prepared, context, kill, caller, slot, &until)).await?;
    let guest = instance.load(|store, instance| indices.load(store, instance))?;
    let called =
        instance.call(&until, move |store| Box::pin(async move { guest.call_call(store, &name, &arguments).await }));
    let (instance, answer) = Box::pin(called).await?;
    instance.close().await;
    let shown = |text: String| text::clean(text::cut(&text, MAX_DESCRIPTION_BYTES), Lines::Many).into_owned();
    match answer {
        Ok(answer) if answer.len() > MAX_ANSWER_BYTES => Err(ToolError::TooLarge),
        Ok(answer) => Ok(answer),
        Err(Said::UnknownTool) => Err(ToolError::Unknown),
        Err(Said::InvalidArguments(text)) => Err(ToolError::InvalidArguments(shown(text))),
        Err(Said::Failed(text)) => Err(ToolError::Failed(shown(text))),
    }
}

/// Whether a model's arguments can be handed to a plugin.
pub(crate) fn check_arguments(arguments: &str) -> Result<(), ToolError> {
    let wrong = |text: &str| Err(ToolError::InvalidArguments(text.to_owned()));
    if arguments.len() > MAX_ARGUMENTS_BYTES {
        return wrong("the arguments are larger than 262144 bytes");
    }
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(arguments) {
        Ok(_) => Ok(()),
        Err(_) => wrong("the arguments are no JSON object"),
    }
}

fn check(listed: Vec<Listed>) -> Result<Vec<Tool>, ListError> {
    if listed.len() > MAX_TOOLS {
        return Err(ListError::TooMany);
    }
    let mut seen = HashSet::new();
    listed.into_iter().map(|tool| check_one(tool, &mut seen)).collect()
}

fn check_one(tool: Listed, seen: &mut HashSet<String>) -> Result<Tool, ListError> {
    let Listed { name, description, input_schema } = tool;
    let wrong = |problem| Err(ListError::Tool { name: text::line(&name, MAX_NAME_BYTES), problem });
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(good) {
        return wrong("has no name of 1 to 64 of a-z 0-9 _ -");
    }
    if !seen.insert(name.clone()) {
        return wrong("is there twice");
    }
    if description.len() > MAX_DESCRIPTION_BYTES {
        return wrong("has a description of more than 4096 bytes");
    }
    if input_schema.len() > MAX_SCHEMA_BYTES {
        return wrong("has a schema of more than 16384 bytes");
    }
    let schema = serde_json::from_str::<serde_json::Value>(&input_schema).ok();
    match schema.filter(|schema| schema.get("type").and_then(|kind| kind.as_str()) == Some("object")) {
        Some(input_schema) => {
            let description = text::clean(&description, Lines::Many).into_owned();
            Ok(Tool { name, description, input_schema })
        }
        None => wrong("has a schema that is no JSON Schema of type `object`"),
    }
}
