//! A session with an agent: opening it, taking it up again, and one turn of it.
//!
//! Owns the order of things: updates are told as they come, requests are answered beside them, and
//! a turn ends with the agent's own word for it. Must not know how the agent was started.

use super::connection::{AUTH_REQUIRED, Connection, Incoming, Refusal, Refused};
use super::options::AcpOptions;
use super::program::Streams;
use super::serve::{Allowed, Ask, Desk};
use super::servers;
use super::terminals::Terminals;
use super::updates::Teller;
use crate::names::Names;
use crate::secret::Redactor;
use crate::tools::Workdir;
use agent_client_protocol::v1::schema::{InitializeResponse, StopReason};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use protocol::{BlockKind, BlockStatus, KnownPart, Level, Part, Usage};
use serde_json::{Map, Value, json};
use std::time::Duration;
use yoi_executor::{Ending, Output, RunContext, RunOver};

/// The kind of block that names a session in the log. Only an executor can say one.
const SESSION: &str = "session";
/// The version of the protocol that is spoken.
const VERSION: u32 = 1;
/// How long an agent says nothing that has repeated all it had to.
const QUIET: Duration = Duration::from_millis(500);
/// How many pages of history are searched for a session.
const PAGES: usize = 50;

/// A session.
pub(super) struct Session {
    connection: Connection,
    id: String,
    /// Whether it takes pictures.
    images: bool,
    embedded: bool,
}

/// Why a session is not opened.
pub(super) enum OpenError {
    /// The agent is gone.
    Gone,
    /// The run ends so.
    Ending(Ending),
}

impl From<RunOver> for OpenError {
    fn from(_: RunOver) -> OpenError {
        OpenError::Ending(Ending::cancelled())
    }
}

/// How a turn ended.
pub(super) enum Turn {
    /// The agent ended it.
    Ended(Ending),
    /// It was cancelled, and the agent does not listen.
    Deaf,
    /// The agent is gone.
    Gone,
}

/// The newest session that the worker's history knows.
pub(super) async fn of_history(context: &RunContext) -> Option<String> {
    let mut before = None;
    for _ in 0..PAGES {
        let page = context.history.page(before).await.ok()?;
        let found = page.entries.into_iter().rev().find(|entry| entry.kind.as_str() == SESSION);
        if let Some(entry) = found {
            return entry.text;
        }
        before = Some(page.older?);
    }
    None
}

impl Session {
    /// Introduces us, and opens a session: the one from before, where the agent can.
    pub(super) async fn open(
        context: &RunContext,
        options: &AcpOptions,
        redactor: &Redactor,
        workdir: &Workdir,
        (stdout, stdin): Streams,
        before: Option<String>,
    ) -> Result<Session, OpenError> {
        let mut connection = Connection::open(stdout, stdin).await.ok_or(OpenError::Gone)?;
        let hello = json!({
            "protocolVersion": VERSION,
            "clientInfo": {"name": "yoi", "title": "Yoi", "version": env!("CARGO_PKG_VERSION")},
            "clientCapabilities": {
                "fs": {"readTextFile": options.serve_files, "writeTextFile": options.serve_files},
                "terminal": true,
            },
        });
        let mut unheard = Vec::new();
        let answer = ask(&mut connection, "initialize", hello, &mut unheard).await?;
        let answer = answer.map_err(|refused| failed("the agent refuses to begin", &refused, redactor))?;
        let agent: InitializeResponse = serde_json::from_value(answer.clone()).map_err(|_| {
            OpenError::Ending(Ending::failed("agent_malformed", "the agent does not speak the protocol"))
        })?;
        if answer.get("protocolVersion").and_then(Value::as_u64) != Some(u64::from(VERSION)) {
            let message = "the agent speaks another version of the protocol than 1";
            return Err(OpenError::Ending(Ending::failed("agent_version", message)));
        }
        let images = agent.agent_capabilities.prompt_capabilities.image;
        let embedded = agent.agent_capabilities.prompt_capabilities.embedded_context;
        tell(context, redactor, json!({"agent": answer})).await?;

        let cwd = workdir.root().display().to_string();
        let (servers, unreached) = servers::as_told(&options.mcp, agent.agent_capabilities.mcp_capabilities.http);
        for name in unreached {
            let message = format!("the agent cannot reach the MCP server {name}: it takes none over HTTP");
            context.say(Output::Notice { level: Level::Warning, code: "mcp_unavailable".to_owned(), message }).await?;
        }
        let params = |id: Option<&str>| match id {
            Some(id) => json!({"sessionId": id, "cwd": cwd, "mcpServers": servers}),
            None => json!({"cwd": cwd, "mcpServers": servers}),
        };
        let resumes =
            answer.pointer("/agentCapabilities/sessionCapabilities/resume").is_some_and(|resume| !resume.is_null());
        let (mut opened, mut why) = (None, String::new());
        if let Some(id) = &before {
            let methods = [(resumes, "session/resume"), (agent.agent_capabilities.load_session, "session/load")];
            for (_, method) in methods.into_iter().filter(|(offered, _)| *offered) {
                match ask(&mut connection, method, params(Some(id)), &mut unheard).await? {
                    Ok(answer) => {
                        // what it repeats of the past stands in the log already; some go on with that for a
                        // moment after they have answered
                        if method == "session/load" {
                            listen(&mut connection, &mut unheard).await?;
                        }
                        unheard.retain(|incoming| !is_repeated(incoming));
                        opened = Some((id.clone(), answer));
                        break;
                    }
                    Err(refused) => why = format!(" ({method}: {})", redactor.clean(refused.message)),
                }
            }
            let (code, message) = match opened {
                Some(_) => ("session_resumed", "the agent was started again, and its session taken up".to_owned()),
                None => {
                    let words = format!(
                        "the agent was started again and cannot take up its session{why}: it does not know what was said before"
                    );
                    ("session_lost", words)
                }
            };
            let level = if opened.is_some() { Level::Info } else { Level::Warning };
            context.say(Output::Notice { level, code: code.to_owned(), message }).await?;
        }
        let (id, answer) = match opened {
            Some(opened) => opened,
            None => {
                let answer = ask(&mut connection, "session/new", params(None), &mut unheard).await?;
                let answer = answer.map_err(|refused| no_session(&refused, &agent, redactor))?;
                let id = answer.get("sessionId").and_then(Value::as_str).map(str::to_owned);
                let id = id.ok_or_else(|| {
                    OpenError::Ending(Ending::failed("agent_malformed", "the agent opens a session without a name"))
                })?;
                (id, answer)
            }
        };
        if before.as_ref() != Some(&id) {
            name_session(context, &id).await?;
        }
        if answer.as_object().is_some_and(|answer| answer.keys().any(|key| key != "sessionId")) {
            tell(context, redactor, json!({"session": answer})).await?;
        }
        if let Some(mode) = &options.mode {
            let params = json!({"sessionId": id, "modeId": mode});
            let answer = ask(&mut connection, "session/set_mode", params, &mut unheard).await?;
            answer.map_err(|refused| failed("the agent refuses its mode", &refused, redactor))?;
        }
        let mut teller = teller(context, redactor, workdir);
        let mut out = Vec::new();
        for incoming in unheard {
            hear(incoming, &mut teller, &mut out);
        }
        teller.finish(BlockStatus::Complete, &mut out);
        for output in out {
            context.say(output).await?;
        }
        Ok(Session { connection, id, images, embedded })
    }

    /// Its name.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether the agent may still answer.
    pub(super) fn lives(&self) -> bool {
        self.connection.lives()
    }

    /// Prompts the agent, and goes with it to the end of its turn.
    pub(super) async fn turn(
        &mut self,
        context: &RunContext,
        options: &AcpOptions,
        redactor: &Redactor,
        workdir: &Workdir,
    ) -> Turn {
        let terminals = Mutex::new(Terminals::default());
        let allowed = Mutex::new(Allowed::default());
        let desk = &Desk { context, options, redactor, workdir, terminals: &terminals, allowed };
        let mut teller = teller(context, redactor, workdir);
        let prompt = json!({"sessionId": self.id, "prompt": self.prompt(&context.input)});
        let mut prompted = std::pin::pin!(self.connection.request("session/prompt", prompt));
        let mut closed = std::pin::pin!(self.connection.closed());
        let mut serving = FuturesUnordered::new();
        // none until the run is cancelled
        let mut patience = std::pin::pin!(None::<tokio::time::Sleep>);
        let answer = loop {
            let mut out = Vec::new();
            let cancelled = patience.is_some();
            let waits = async {
                match patience.as_mut().as_pin_mut() {
                    Some(sleep) => sleep.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = context.cancel.cancelled(), if !cancelled => {
                    self.connection.notify("session/cancel", json!({"sessionId": self.id}));
                    patience.set(Some(tokio::time::sleep(options.cancel_time)));
                }
                () = waits => return Turn::Deaf,
                Some(()) = serving.next() => {}
                // before what it said: that is taken below
                answer = &mut prompted => break answer,
                incoming = self.connection.incoming.recv() => match incoming {
                    Some(Incoming::Request(message, responder)) => {
                        let ask = Ask::new(message.method, message.params, &mut teller);
                        serving.push(async move { responder.answer(desk.serve(ask).await); });
                    }
                    Some(other) => {
                        {
                            let open = terminals.lock();
                            let shown = open.ids().filter_map(|id| Some((id.clone(), open.shown(id, redactor)?)));
                            teller.terminals.extend(shown.collect::<Vec<_>>());
                        }
                        hear(other, &mut teller, &mut out);
                    }
                    None => return Turn::Gone,
                },
                () = &mut closed => return Turn::Gone,
            }
            say(context, out).await;
        };
        // what it said before it ended the turn
        let mut out = Vec::new();
        while let Ok(incoming) = self.connection.incoming.try_recv() {
            match incoming {
                Incoming::Request(_, responder) => {
                    responder.answer(Err(Refusal::Failed("the turn is over".to_owned())))
                }
                other => hear(other, &mut teller, &mut out),
            }
        }
        let is_cancelled = context.cancel.is_cancelled();
        teller.finish(if is_cancelled { BlockStatus::Interrupted } else { BlockStatus::Complete }, &mut out);
        if let Ok(answer) = &answer {
            out.extend(usage(answer));
            if answer.as_object().is_some_and(|answer| answer.contains_key("_meta")) {
                teller.extension(json!({"prompt": answer}), &mut out);
            }
        }
        say(context, out).await;
        match answer {
            _ if is_cancelled => Turn::Ended(Ending::cancelled()),
            Ok(answer) => Turn::Ended(ending(&answer)),
            Err(refused) if !self.connection.lives() && refused.code != AUTH_REQUIRED => Turn::Gone,
            Err(refused) => match failed("the agent failed", &refused, redactor) {
                OpenError::Ending(ending) => Turn::Ended(ending),
                OpenError::Gone => Turn::Gone,
            },
        }
    }

    fn prompt(&self, input: &[Part]) -> Vec<Value> {
        let block = |part: &Part| match part {
            Part::Known(KnownPart::Text(text)) => json!({"type": "text", "text": text.text}),
            Part::Known(KnownPart::Image(image)) if self.images && image.data.is_some() => {
                json!({"type": "image", "mimeType": image.mime_type, "data": image.data})
            }
            Part::Known(KnownPart::Resource(resource)) => {
                json!({"type": "resource_link", "uri": resource.uri, "name": resource.uri})
            }
            other => {
                let text = serde_json::to_string(other).unwrap_or_default();
                if self.embedded {
                    let resource = json!({"uri": "yoi:part", "mimeType": "application/json", "text": text});
                    json!({"type": "resource", "resource": resource})
                } else {
                    json!({"type": "text", "text": text})
                }
            }
        };
        input.iter().map(block).collect()
    }
}

fn teller(context: &RunContext, redactor: &Redactor, workdir: &Workdir) -> Teller {
    Teller::new(redactor.clone(), Names::of(context.run_id), workdir.root().to_owned())
}

/// Says it, unless nobody listens any more.
async fn say(context: &RunContext, out: Vec<Output>) {
    for output in out {
        // after a cancellation there is a moment in which the end is still heard
        if context.out.emit(output).await.is_err() {
            return;
        }
    }
}

/// Asks while what the agent says meanwhile is kept.
async fn ask(
    connection: &mut Connection,
    method: &'static str,
    params: Value,
    unheard: &mut Vec<Incoming>,
) -> Result<Result<Value, Refused>, OpenError> {
    let mut answer = std::pin::pin!(connection.request(method, params));
    // a session that is long is repeated as a whole; it is not kept twice
    let repeats = method == "session/load";
    let answer = loop {
        tokio::select! {
            biased;
            incoming = connection.incoming.recv() => match incoming {
                Some(incoming) => keep(incoming, repeats, unheard),
                None => return Err(OpenError::Gone),
            },
            answer = &mut answer => break answer,
        }
    };
    while let Ok(incoming) = connection.incoming.try_recv() {
        keep(incoming, repeats, unheard);
    }
    match answer {
        Err(_) if !connection.lives() => Err(OpenError::Gone),
        answer => Ok(answer),
    }
}

/// Keeps what the agent says until it says nothing for a moment.
async fn listen(connection: &mut Connection, unheard: &mut Vec<Incoming>) -> Result<(), OpenError> {
    // its whole start is bounded by the caller
    while let Ok(incoming) = tokio::time::timeout(QUIET, connection.incoming.recv()).await {
        keep(incoming.ok_or(OpenError::Gone)?, true, unheard);
    }
    Ok(())
}

/// Keeps what the agent says outside of a turn; what it asks is refused, and what it only repeats left out.
fn keep(incoming: Incoming, repeats: bool, unheard: &mut Vec<Incoming>) {
    match incoming {
        Incoming::Request(_, responder) => {
            responder.answer(Err(Refusal::Failed("no turn is under way".to_owned())));
        }
        incoming if repeats && is_repeated(&incoming) => {}
        incoming => unheard.push(incoming),
    }
}

/// Whether it repeats what was said: messages, thoughts, calls, plans.
fn is_repeated(incoming: &Incoming) -> bool {
    let Incoming::Notification(message) = incoming else { return false };
    let kind = message.params.pointer("/update/sessionUpdate").and_then(Value::as_str).unwrap_or_default();
    message.method == "session/update"
        && matches!(
            kind,
            "user_message_chunk"
                | "agent_message_chunk"
                | "agent_thought_chunk"
                | "tool_call"
                | "tool_call_update"
                | "plan"
        )
}

fn hear(incoming: Incoming, teller: &mut Teller, out: &mut Vec<Output>) {
    match incoming {
        Incoming::Notification(message) if message.method == "session/update" => teller.update(message.params, out),
        Incoming::Notification(message) => {
            teller.extension(json!({"method": message.method, "params": message.params}), out);
        }
        Incoming::Request(_, responder) => responder.answer(Err(Refusal::Unknown)),
    }
}

async fn tell(context: &RunContext, redactor: &Redactor, value: Value) -> Result<(), RunOver> {
    let value = redactor.clean_json(value);
    context.say(Output::Extension { namespace: super::updates::NAMESPACE.to_owned(), value }).await
}

/// Puts the session's name into the log, from which it is taken after a restart.
async fn name_session(context: &RunContext, id: &str) -> Result<(), RunOver> {
    let block_id = "session".to_owned();
    let (kind, title) = (BlockKind::from(SESSION), Some("A new session of the agent".to_owned()));
    context.say(Output::BlockStarted { block_id: block_id.clone(), kind, call_id: None, tool: None, title }).await?;
    context.say(Output::BlockDelta { block_id: block_id.clone(), text: id.to_owned() }).await?;
    context.say(Output::BlockFinished { block_id, status: BlockStatus::Complete }).await
}

fn failed(what: &str, refused: &Refused, redactor: &Redactor) -> OpenError {
    let message = format!("{what}: {} ({})", redactor.clean(refused.message.clone()), refused.code);
    OpenError::Ending(Ending::failed("agent_failed", message))
}

fn no_session(refused: &Refused, agent: &InitializeResponse, redactor: &Redactor) -> OpenError {
    if refused.code != AUTH_REQUIRED {
        return failed("the agent opens no session", refused, redactor);
    }
    let methods = serde_json::to_value(&agent.auth_methods).unwrap_or_default();
    let names: Vec<_> =
        methods.as_array().into_iter().flatten().filter_map(|method| method.get("name")?.as_str()).collect();
    let message = format!(
        "the agent wants somebody to sign in ({}): sign in with it on its own once, as the runtime's user, or give it a key in the profile's `env`",
        names.join(", ")
    );
    OpenError::Ending(Ending::failed("agent_unauthorized", message))
}

fn ending(answer: &Value) -> Ending {
    let stop = answer.get("stopReason").cloned().unwrap_or_default();
    match serde_json::from_value::<StopReason>(stop) {
        Ok(StopReason::MaxTokens) => Ending::limit("answer_limit", "the model's answer reached its most tokens"),
        Ok(StopReason::MaxTurnRequests) => Ending::limit("turn_limit", "the agent reached the most requests of a turn"),
        Ok(StopReason::Refusal) => Ending::failed("refused", "the agent refuses to go on"),
        Ok(StopReason::Cancelled) => Ending::cancelled(),
        _ => Ending::completed(),
    }
}

/// What a turn took, where the agent says it.
fn usage(answer: &Value) -> Option<Output> {
    let usage = answer.get("usage").filter(|usage| usage.is_object())?;
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    let mut extra = Map::new();
    for (name, ours) in [("cachedReadTokens", "cached_tokens"), ("thoughtTokens", "reasoning_tokens")] {
        if let Some(tokens) = count(name) {
            extra.insert(ours.to_owned(), tokens.into());
        }
    }
    let (input, output) = (count("inputTokens").unwrap_or_default(), count("outputTokens").unwrap_or_default());
    Some(Output::Usage(Usage { input_tokens: input, output_tokens: output, extra }))
}
