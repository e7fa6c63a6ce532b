//! Tools of MCP servers, over standard streams and over HTTP.

use crate::fake::{Answer, Fake, Form, call, text};
use crate::world::{World, options};
use agents::mcp::{McpAt, McpServer};
use agents::{LlmOptions, Secret, Variables};
use protocol::Outcome;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TOKEN: &str = "canary-mcp-token";

fn program() -> String {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/scripted_mcp").to_str().unwrap().to_owned()
}

fn server(name: &str) -> McpServer {
    let variables = Variables::default().with_secret("TOKEN", Secret::new(TOKEN));
    McpServer::new(name, McpAt::Program { command: vec![program()], variables }).unwrap()
}

#[tokio::test]
async fn tools_of_a_program_are_called_once_and_their_failures_told() {
    let answers = vec![
        Answer::Whole(vec![
            call("calc__add", json!({"a": 20, "b": 22})),
            call("calc__fail", json!({})),
            call("calc__environment", json!({})),
        ]),
        Answer::Whole(vec![call("calc__die", json!({}))]),
        Answer::Whole(vec![text("done")]),
    ];
    let fake = Fake::start(Form::OpenAi, answers).await;
    let world = World::with(LlmOptions { mcp: vec![server("calc")], ..options(&fake) }).await;
    assert_eq!(world.run("go").await, (Outcome::Completed, None), "{:#?}", world.told());
    let told = world.told().join("\n");
    assert!(
        told.contains("-> 42") && told.contains("failed -> it failed") && told.contains("-> [] [redacted]"),
        "{told}"
    );
    assert!(told.contains("whether the call took effect is not known"), "{told}");
    assert_eq!(std::fs::read_to_string(world.workdir().join("added")).unwrap(), "+");
    assert_eq!(world.files_with(TOKEN), Vec::<String>::new());
    // one that is gone is started again with the next run
    fake.answers(vec![
        Answer::Whole(vec![call("calc__add", json!({"a": 1, "b": 1}))]),
        Answer::Whole(vec![text("ok")]),
    ]);
    assert_eq!(world.run("again").await, (Outcome::Completed, None));
    assert_eq!(std::fs::read_to_string(world.workdir().join("added")).unwrap(), "++");
}

/// A server that answers each POST with JSON, and takes no stream.
async fn over_http() -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let heads = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let seen = std::sync::Arc::clone(&seen);
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                loop {
                    let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                        if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                            return;
                        }
                        continue;
                    };
                    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
                    let length = head
                        .to_ascii_lowercase()
                        .split("content-length: ")
                        .nth(1)
                        .map_or(0, |rest| rest.lines().next().unwrap().trim().parse::<usize>().unwrap());
                    while buffer.len() < end + 4 + length {
                        if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    let body: serde_json::Value =
                        serde_json::from_slice(&buffer[end + 4..end + 4 + length]).unwrap_or_default();
                    buffer.drain(..end + 4 + length);
                    seen.lock().unwrap().push(head.clone());
                    let result = match body["method"].as_str().unwrap_or_default() {
                        "initialize" => Some(json!({"protocolVersion": body["params"]["protocolVersion"],
                            "capabilities": {"tools": {}}, "serverInfo": {"name": "web", "version": "1"}})),
                        "tools/list" => Some(json!({"tools": [{"name": "look", "inputSchema": {"type": "object"}}]})),
                        "tools/call" => Some(json!({"content": [{"type": "text", "text": "seen"}]})),
                        _ => None,
                    };
                    let answer = match (head.starts_with("POST"), body.get("id"), result) {
                        (true, Some(id), Some(result)) => {
                            json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()
                        }
                        (true, Some(id), None) => {
                            json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no"}}).to_string()
                        }
                        _ => String::new(),
                    };
                    let status = if !head.starts_with("POST") {
                        "405 No"
                    } else if answer.is_empty() {
                        "202 Ok"
                    } else {
                        "200 Ok"
                    };
                    let reply = format!(
                        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
                        answer.len()
                    );
                    if socket.write_all(reply.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (url, heads)
}

#[tokio::test]
async fn tools_of_a_service_are_called_and_one_that_is_away_is_told() {
    let (url, heads) = over_http().await;
    let headers = vec![("authorization".to_owned(), Secret::new(format!("Bearer {TOKEN}")))];
    let web = McpServer::new("web", McpAt::Url { url, headers }).unwrap();
    let away = McpAt::Url { url: "http://127.0.0.1:9/mcp".to_owned(), headers: Vec::new() };
    let gone = McpServer::new(
        "gone",
        McpAt::Program { command: vec!["/nowhere/mcp".into()], variables: Variables::default() },
    );
    let servers = vec![web, McpServer::new("away", away).unwrap(), gone.unwrap()];
    let answers = vec![Answer::Whole(vec![call("web__look", json!({}))]), Answer::Whole(vec![text("done")])];
    let fake = Fake::start(Form::Anthropic, answers).await;
    let world = World::with(LlmOptions { mcp: servers, ..options(&fake) }).await;
    assert_eq!(world.run("go").await, (Outcome::Completed, None), "{:#?}", world.told());
    let told = world.told().join("\n");
    assert!(told.contains("-> seen"), "{told}");
    assert_eq!(told.matches("notice mcp_unavailable").count(), 2, "{told}");
    assert!(!told.contains(TOKEN) && !told.contains("127.0.0.1:9"), "{told}");
    assert!(heads.lock().unwrap().iter().any(|head| head.contains(TOKEN)), "it was sent where it belongs");
}
