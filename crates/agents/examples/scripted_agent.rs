//! An agent that speaks the Agent Client Protocol and does what its prompt says, for the tests.
//!
//! Owns nothing: it is built on the protocol's own library, so that both ends are not ours. `--load`
//! has it offer to take sessions up again; what was said is kept in files of its folder.

#![expect(clippy::indexing_slicing, reason = "JSON that is indexed does not panic")]

use agent_client_protocol::{Agent, ByteStreams, Client, Error, UntypedMessage, v1};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

type To = v1::ConnectionTo<Client>;

#[derive(Default)]
struct State {
    cancelled: Notify,
}

async fn ask(to: &To, method: &str, params: Value) -> Result<Value, Error> {
    to.clone().into_raw().send_request(UntypedMessage::new(method, params)?).block_task().await
}

fn tell(to: &To, session: &str, update: Value) -> Result<(), Error> {
    to.send_notification(UntypedMessage::new("session/update", json!({"sessionId": session, "update": update}))?)
}

fn say(to: &To, session: &str, kind: &str, text: &str) -> Result<(), Error> {
    tell(to, session, json!({"sessionUpdate": kind, "content": {"type": "text", "text": text}}))
}

fn remember(session: &str, line: &str) {
    let file = format!("{session}.said");
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let _ = std::fs::write(file, format!("{before}{line}\n"));
}

async fn prompt(to: To, state: Arc<State>, params: Value) -> Result<Value, Error> {
    let session = params["sessionId"].as_str().unwrap_or_default().to_owned();
    let text = params["prompt"][0]["text"].as_str().unwrap_or_default().to_owned();
    remember(&session, &text);
    let cwd = std::env::current_dir().map_or_else(|_| String::new(), |cwd| cwd.display().to_string());
    let mut stop = "end_turn";
    match text.as_str() {
        "work" => work(&to, &session, &cwd).await?,
        "wait" => {
            say(&to, &session, "agent_message_chunk", "waiting")?;
            state.cancelled.notified().await;
            stop = "cancelled";
        }
        "hang" => {
            say(&to, &session, "agent_message_chunk", "deaf")?;
            std::future::pending::<()>().await;
        }
        "crash" => {
            say(&to, &session, "agent_message_chunk", "about to")?;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            eprintln!("fatal: {} is no good", std::env::var("AGENT_KEY").unwrap_or_default());
            std::process::exit(3);
        }
        "outside" => {
            for (method, params) in [
                ("fs/read_text_file", json!({"sessionId": session, "path": format!("{cwd}/../secret")})),
                ("fs/read_text_file", json!({"sessionId": session, "path": "/etc/passwd"})),
                ("fs/write_text_file", json!({"sessionId": session, "path": format!("{cwd}/../new"), "content": "x"})),
                ("terminal/create", json!({"sessionId": session, "command": "ls", "cwd": "/etc"})),
                ("terminal/output", json!({"sessionId": session, "terminalId": "none"})),
                ("of/tomorrow", json!({})),
            ] {
                let answer = ask(&to, method, params).await;
                let word = answer.map_or_else(|error| format!("{} refused", error.code.value()), |_| "done".to_owned());
                say(&to, &session, "agent_message_chunk", &format!("{method} {word}\n"))?;
            }
        }
        "environment" => {
            let names: Vec<String> =
                std::env::vars().map(|(name, _)| name).filter(|n| n.starts_with("CARGO")).collect();
            let key = std::env::var("AGENT_KEY").unwrap_or_default();
            say(&to, &session, "agent_message_chunk", &format!("{names:?} {key}"))?;
        }
        "recall" => {
            let said = std::fs::read_to_string(format!("{session}.said")).unwrap_or_default();
            say(&to, &session, "agent_message_chunk", &said.replace('\n', ","))?;
        }
        other => say(&to, &session, "agent_message_chunk", &format!("you said {other}"))?,
    }
    Ok(json!({"stopReason": stop, "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}}))
}

async fn work(to: &To, session: &str, cwd: &str) -> Result<(), Error> {
    let path = format!("{cwd}/made.txt");
    say(to, session, "agent_thought_chunk", "Let me ")?;
    say(to, session, "agent_thought_chunk", "see.")?;
    say(to, session, "agent_message_chunk", "I write a file.")?;
    let entries = json!([{"content": "write", "priority": "high", "status": "in_progress"}]);
    tell(to, session, json!({"sessionUpdate": "plan", "entries": entries}))?;
    let call = json!({"sessionUpdate": "tool_call", "toolCallId": "t1", "title": "Write made.txt", "kind": "edit",
        "status": "pending", "rawInput": {"path": path}, "locations": [{"path": path}]});
    tell(to, session, call)?;
    let options = json!([
        {"optionId": "yes", "name": "Allow", "kind": "allow_once"},
        {"optionId": "no", "name": "Reject", "kind": "reject_once"},
    ]);
    let asked = json!({"toolCallId": "t1", "title": "Write made.txt", "kind": "edit", "rawInput": {"path": path}, "locations": [{"path": path}]});
    let answer =
        ask(to, "session/request_permission", json!({"sessionId": session, "toolCall": asked, "options": options}))
            .await?;
    if answer["outcome"]["optionId"] != "yes" {
        tell(
            to,
            session,
            json!({"sessionUpdate": "tool_call_update", "toolCallId": "t1", "status": "failed",
            "content": [{"type": "content", "content": {"type": "text", "text": answer["outcome"].to_string()}}]}),
        )?;
        return say(to, session, "agent_message_chunk", "Then not.");
    }
    ask(to, "fs/write_text_file", json!({"sessionId": session, "path": path, "content": "made\n"})).await?;
    let terminal =
        ask(to, "terminal/create", json!({"sessionId": session, "command": "cat", "args": ["made.txt"]})).await?;
    let named = json!({"sessionId": session, "terminalId": terminal["terminalId"]});
    let exit = ask(to, "terminal/wait_for_exit", named.clone()).await?;
    let output = ask(to, "terminal/output", named.clone()).await?;
    tell(
        to,
        session,
        json!({"sessionUpdate": "tool_call_update", "toolCallId": "t1", "status": "completed", "content": [
            {"type": "diff", "path": path, "oldText": null, "newText": "made\n"},
            {"type": "terminal", "terminalId": terminal["terminalId"]},
        ]}),
    )?;
    ask(to, "terminal/release", named).await?;
    tell(to, session, json!({"sessionUpdate": "usage_update", "used": 10, "size": 100}))?;
    say(
        to,
        session,
        "agent_message_chunk",
        &format!("It exited with {} and said {}.", exit["exitCode"], output["output"]),
    )
}

fn answer(method: &str, params: &Value, load: bool) -> Option<Value> {
    Some(match method {
        "initialize" => json!({
            "protocolVersion": 1,
            "agentCapabilities": {"loadSession": load},
            "agentInfo": {"name": "scripted", "version": "1"},
            "authMethods": [],
        }),
        "session/new" => json!({"sessionId": format!("s{}", std::process::id())}),
        "session/load" if load && std::path::Path::new(&format!("{}.said", params["sessionId"].as_str()?)).exists() => {
            json!({})
        }
        _ => return None,
    })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let load = std::env::args().any(|argument| argument == "--load");
    let state = Arc::new(State::default());
    let cancels = Arc::clone(&state);
    Agent
        .v1()
        .name("scripted")
        .on_receive_notification(
            async move |message: UntypedMessage, _| {
                if message.method == "session/cancel" {
                    cancels.cancelled.notify_waiters();
                }
                Ok(())
            },
            agent_client_protocol::on_receive_notification!(),
        )
        .on_receive_request(
            async move |message: UntypedMessage, responder: v1::Responder<Value>, to: To| {
                if message.method == "session/prompt" {
                    let state = Arc::clone(&state);
                    let prompted = to.clone();
                    return to.spawn(async move {
                        let ended = prompt(prompted, state, message.params).await;
                        responder.respond_with_result(ended)
                    });
                }
                if message.method == "session/load" {
                    let session = message.params["sessionId"].as_str().unwrap_or_default();
                    say(&to, session, "agent_message_chunk", "said long ago")?;
                    // as some do: the rest after the answer
                    let (late, session) = (to.clone(), session.to_owned());
                    to.spawn(async move {
                        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                        say(&late, &session, "agent_message_chunk", "said just as long ago")
                    })?;
                }
                match answer(&message.method, &message.params, load) {
                    Some(answer) => responder.respond(answer),
                    None => responder.respond_with_error(Error::method_not_found()),
                }
            },
            agent_client_protocol::on_receive_request!(),
        )
        .connect_to(ByteStreams::new(tokio::io::stdout().compat_write(), tokio::io::stdin().compat()))
        .await
}
