//! An MCP server over its standard streams, for the tests: it adds, fails, waits and dies.
//!
//! Owns nothing, and speaks the protocol by hand, so that both ends are not one library.

#![expect(clippy::indexing_slicing, reason = "JSON that is indexed does not panic")]

use serde_json::{Value, json};
use std::io::{BufRead, Write};

fn answer(method: &str, params: &Value) -> Option<Value> {
    let text = |text: String, is_error: bool| json!({"content": [{"type": "text", "text": text}], "isError": is_error});
    let tool = |name: &str| json!({"name": name, "description": name, "inputSchema": {"type": "object"}});
    Some(match method {
        "initialize" => json!({
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "scripted", "version": "1"},
        }),
        "ping" => json!({}),
        "tools/list" => json!({"tools": [tool("add"), tool("fail"), tool("environment"), tool("die")]}),
        "tools/call" => {
            let arguments = &params["arguments"];
            match params["name"].as_str()? {
                "add" => {
                    let _ = std::fs::OpenOptions::new()
                        .create(true)
                        .append(true)
                        .open("added")
                        .map(|mut file| file.write_all(b"+"));
                    let sum = arguments["a"].as_i64().unwrap_or(0) + arguments["b"].as_i64().unwrap_or(0);
                    text(sum.to_string(), false)
                }
                "fail" => text("it failed".to_owned(), true),
                "environment" => {
                    let names: Vec<String> =
                        std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CARGO")).collect();
                    text(format!("{names:?} {}", std::env::var("TOKEN").unwrap_or_default()), false)
                }
                "die" => std::process::exit(1),
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn main() {
    let mut stdout = std::io::stdout();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let Some(id) = message.get("id").filter(|id| !id.is_null()) else { continue };
        let method = message["method"].as_str().unwrap_or_default();
        let reply = match answer(method, &message["params"]) {
            Some(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            None => json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no such method"}}),
        };
        let _ = writeln!(stdout, "{reply}").and_then(|()| stdout.flush());
    }
}
