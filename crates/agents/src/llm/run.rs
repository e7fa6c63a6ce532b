//! One run: asking a model until it has nothing more to call.
//!
//! Owns the loop, asking again where a provider fails, and making the conversation shorter where it
//! outgrows the model. Must not read a provider's form, nor do a tool's work.

use super::LlmOptions;
use super::calls::Tools;
use super::conversation::{self, SUMMARY};
use super::failure::{Failure, Passes};
use super::provider::Model;
use super::reply::{Broken, Listener, Reply};
use super::spending::Spending;
use crate::mcp::Servers;
use crate::names::Names;
use crate::secret::Redactor;
use crate::tools::Workdir;
use genai::chat::{ChatMessage, ContentPart, MessageContent, StopReason, Tool};
use protocol::{BlockKind, Level};
use std::time::Duration;
use yoi_executor::{Ending, Output, RunContext, RunOver};

/// Bytes that make a token, about, where the provider does not count.
const TOKEN_BYTES: u64 = 4;
/// How much of the window a conversation may fill before it is made shorter, in percent.
const FULL: u64 = 80;
/// How many tokens a summary may have, about.
const SUMMARY_WORDS: u64 = 800;
/// How often one conversation is made shorter in a row.
const SHORTER: u32 = 2;

/// What is told of a model's own nature.
const SYSTEM: &str = "You are an agent that works for people, on its own, for as long as the task takes. Use your \
tools to find out how things are before you change them, and check what you have done. A person may have to allow a \
call; where one is refused, find another way or say what you need. When the task is done, say shortly what you did.";

const SUMMARIZE: &str = "Below is a conversation between a person and an agent that works with tools. Write what the \
agent has to know to go on without having seen it: what the person wants, in their words where they matter; what was \
done and found out, with names of files, commands and numbers; what did not work; what is left to do, and what is \
under way right now. Write no introduction.";

/// Why a run stops.
enum Stop {
    Over,
    Ending(Ending),
}

impl From<RunOver> for Stop {
    fn from(_: RunOver) -> Stop {
        Stop::Over
    }
}

/// What a run is made of.
pub(crate) struct Run<'r> {
    pub context: &'r RunContext,
    pub options: &'r LlmOptions,
    pub model: &'r Model,
    pub redactor: &'r Redactor,
    pub servers: &'r Servers,
}

impl Run<'_> {
    /// Runs to the end.
    pub(crate) async fn run(self) -> Ending {
        let limit = self.options.limits.time;
        match tokio::time::timeout(limit, self.work()).await {
            Ok(Ok(ending) | Err(Stop::Ending(ending))) => ending,
            Ok(Err(Stop::Over)) => Ending::cancelled(),
            Err(_) => Ending::limit("time_limit", format!("the run took longer than {limit:?}")),
        }
    }

    async fn work(&self) -> Result<Ending, Stop> {
        let workdir = self.workdir().await?;
        let mut messages = self.recall().await?;
        let input = ChatMessage::user(MessageContent::from_parts(conversation::user_parts(&self.context.input)));
        match messages.last_mut() {
            Some(last) if last.role == input.role => last.content.extend(input.content.clone()),
            _ => messages.push(input.clone()),
        }
        let system = self.system(workdir.as_ref());
        let tools = Tools::new(self.context, self.options, self.redactor, self.servers, workdir);
        let mut names = Names::of(self.context.run_id);
        let mut spending = Spending::default();
        let mut shortened = 0;
        loop {
            if let Some(ending) = spending.over(&self.options.limits, self.options.price) {
                return Ok(ending);
            }
            let length = spending.length().unwrap_or_else(|| estimate(&system, &messages, tools.shown()));
            if length > self.options.window * FULL / 100 {
                messages = self.shorten(&messages, &input, &mut names, &mut spending, &mut shortened).await?;
                continue;
            }
            let reply = match self.ask(&system, &messages, tools.shown(), &mut names, &mut spending, None).await? {
                Ok(reply) => reply,
                Err(failure) if failure.passes == Passes::Shorter => {
                    messages = self.shorten(&messages, &input, &mut names, &mut spending, &mut shortened).await?;
                    continue;
                }
                Err(failure) => return Ok(Ending::failed(failure.reason, failure.message)),
            };
            shortened = 0;
            messages.extend(reply.message);
            if reply.calls.is_empty() {
                return Ok(ending(&reply.stop));
            }
            messages.push(tools.make(&reply.calls).await?);
            // what the tools answered is not counted yet
            let answers = messages.last().map_or(0, |message| message.size() as u64 / TOKEN_BYTES);
            spending.add_length(answers);
        }
    }

    /// The folder to work in; none where there is none.
    async fn workdir(&self) -> Result<Option<Workdir>, Stop> {
        let folder = self.context.workdir.clone().or_else(|| self.options.workdir.clone());
        let Some(folder) = folder else { return Ok(None) };
        let opened = tokio::task::spawn_blocking(move || Workdir::open(&folder)).await;
        match opened {
            Ok(Ok(workdir)) => Ok(Some(workdir)),
            Ok(Err(error)) => {
                let message = format!("the folder to work in cannot be opened: {}", error.kind());
                Err(Stop::Ending(Ending::failed("workdir_missing", message)))
            }
            Err(_) => Err(Stop::Ending(Ending::failed("workdir_missing", "the folder to work in cannot be opened"))),
        }
    }

    /// The conversation so far; tells what of it was cut off.
    async fn recall(&self) -> Result<Vec<ChatMessage>, Stop> {
        let bytes = usize::try_from(self.options.window * TOKEN_BYTES * FULL / 100).unwrap_or(usize::MAX);
        let recalled = conversation::recall(self.context.history.as_ref(), self.context.run_id, bytes).await;
        let conversation =
            recalled.map_err(|error| Stop::Ending(Ending::failed("history_unavailable", error.to_string())))?;
        if !conversation.cut_off.is_empty() {
            let message = format!(
                "the last run was cut off during: {}. Whether that took effect is not known; it is not repeated, and the model is told",
                conversation.cut_off.join(", ")
            );
            self.notice(Level::Warning, "calls_cut_off", message).await?;
        }
        if conversation.shortened {
            let message = "the conversation is longer than the model's window; its beginning is left out".to_owned();
            self.notice(Level::Info, "context_trimmed", message).await?;
        }
        Ok(conversation.messages)
    }

    async fn notice(&self, level: Level, code: &str, message: String) -> Result<(), RunOver> {
        self.context.say(Output::Notice { level, code: code.to_owned(), message }).await
    }

    fn system(&self, workdir: Option<&Workdir>) -> String {
        let mut system = self.options.system.clone().unwrap_or_else(|| SYSTEM.to_owned());
        if let Some(workdir) = workdir {
            system.push_str(&format!("\n\nYour working folder is {}.", workdir.root().display()));
        }
        system
    }

    /// Asks, and asks again while that may help.
    async fn ask(
        &self,
        system: &str,
        messages: &[ChatMessage],
        tools: &[Tool],
        names: &mut Names,
        spending: &mut Spending,
        block: Option<(BlockKind, &'static str)>,
    ) -> Result<Result<Reply, Failure>, Stop> {
        let retries = self.options.retries;
        let mut attempt = 1;
        loop {
            let failure = match self.try_once(system, messages, tools, names, block.clone()).await {
                Ok(reply) => {
                    spending.asked();
                    spending.took(reply.usage.as_ref());
                    self.context.say(Output::Usage(spending.usage(self.options.price))).await?;
                    return Ok(Ok(reply));
                }
                Err(Broken::Over) => return Err(Stop::Over),
                Err(Broken::Failed(failure)) => failure,
            };
            let wait = match failure.passes {
                Passes::Never | Passes::Shorter => return Ok(Err(failure)),
                _ if attempt > retries.most => return Ok(Err(failure)),
                Passes::After(wait) if wait > retries.longest => {
                    let message = format!("{}; it asks to wait {wait:?}, which is too long", failure.message);
                    return Ok(Err(Failure { message, ..failure }));
                }
                Passes::After(wait) => wait,
                Passes::Maybe => self.pause(attempt),
            };
            attempt += 1;
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            self.context.say(Output::Retry { attempt, wait_ms, reason: failure.message }).await?;
            tokio::select! {
                biased;
                () = self.context.cancel.cancelled() => return Err(Stop::Over),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// The wait before the next try: each twice as long, and not the same for all who wait.
    fn pause(&self, attempt: u32) -> Duration {
        let retries = self.options.retries;
        let wait = retries.first.saturating_mul(1 << (attempt - 1).min(16)).min(retries.longest);
        let run = self.context.run_id.to_string();
        let spread = run.bytes().fold(attempt, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        wait * (75 + spread % 50) / 100
    }

    async fn try_once(
        &self,
        system: &str,
        messages: &[ChatMessage],
        tools: &[Tool],
        names: &mut Names,
        block: Option<(BlockKind, &'static str)>,
    ) -> Result<Reply, Broken> {
        let asked = tokio::select! {
            biased;
            () = self.context.cancel.cancelled() => return Err(Broken::Over),
            asked = self.model.ask(system, messages.to_vec(), tools.to_vec()) => asked,
        };
        let answer = asked.map_err(Broken::Failed)?;
        let listener = Listener::new(self.context, self.redactor, names);
        let listener = match block {
            Some((kind, title)) => listener.titled(kind, title),
            None => listener,
        };
        listener.listen(answer).await
    }

    /// Puts a summary in the place of the conversation. The task under way stays as it was given.
    async fn shorten(
        &self,
        messages: &[ChatMessage],
        input: &ChatMessage,
        names: &mut Names,
        spending: &mut Spending,
        shortened: &mut u32,
    ) -> Result<Vec<ChatMessage>, Stop> {
        *shortened += 1;
        if *shortened > SHORTER {
            let message = "the conversation does not fit the model's window, even when it is made shorter";
            return Err(Stop::Ending(Ending::limit("context_window", message)));
        }
        let message =
            format!("{} messages are replaced by a summary: the model's window is nearly full", messages.len());
        self.notice(Level::Info, "context_compacted", message).await?;
        let bytes = self.options.window * TOKEN_BYTES / 2 / u64::from(*shortened);
        let text = conversation::as_text(messages, usize::try_from(bytes).unwrap_or(usize::MAX), self.redactor);
        let request = [ChatMessage::user(format!("{SUMMARIZE} Write at most {SUMMARY_WORDS} words.\n\n---\n\n{text}"))];
        let block = (BlockKind::from(SUMMARY), "What came before, in short");
        let reply = self.ask("You write summaries.", &request, &[], names, spending, Some(block)).await?;
        let reply = reply.map_err(|failure| Stop::Ending(Ending::failed(failure.reason, failure.message)))?;
        spending.forget_length();
        let mut message = conversation::summary_message(&reply.text);
        message.content.push(ContentPart::from_text("\nThis is the message that you are working on:"));
        message.content.extend(input.content.clone());
        Ok(vec![message])
    }
}

fn ending(stop: &StopReason) -> Ending {
    match stop {
        StopReason::MaxTokens(_) => {
            Ending::limit("answer_limit", "the answer reached the most tokens that it may have")
        }
        StopReason::ContentFilter(_) => Ending::failed("refused", "the provider or the model refuses to answer"),
        StopReason::Completed(_) | StopReason::ToolCall(_) | StopReason::StopSequence(_) | StopReason::Other(_) => {
            Ending::completed()
        }
    }
}

/// How long a request is, about.
fn estimate(system: &str, messages: &[ChatMessage], tools: &[Tool]) -> u64 {
    let messages: usize = messages.iter().map(ChatMessage::size).sum();
    let tools: usize = tools.iter().map(Tool::size).sum();
    (system.len() + messages + tools) as u64 / TOKEN_BYTES
}
