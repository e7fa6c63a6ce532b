//! Steps over connections.
//!
//! Owns those that are open, by name. Must not close one that no step closes.

use crate::steps::{Refused, Step, bytes, sum};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use yoi_plugin_pdk::websocket::{Close, Error, Status};
use yoi_plugin_pdk::{Connect, Connection, Message, Received};

#[derive(Default)]
pub struct Connections(BTreeMap<String, Connection>);

impl Connections {
    /// Carries a step out, if it is one of these.
    pub fn step(&mut self, word: &str, step: Step<'_>) -> Option<Result<Value, Refused>> {
        let on = step.text_or("on", "a");
        Some(match word {
            "open" => self.open(step),
            "open_until_refused" => Ok(self.open_until_refused(step)),
            "drop" => Ok(json!(self.0.remove(on).is_some())),
            "drop_all" => {
                let count = self.0.len();
                self.0.clear();
                Ok(json!(count))
            }
            "send" | "receive" | "receive_until_end" | "echo" | "close" | "status" | "subprotocol" => {
                match self.0.get(on) {
                    Some(connection) => with(connection, word, step),
                    None => Err(json!({ "kind": "no-connection", "text": on })),
                }
            }
            _ => return None,
        })
    }

    fn open(&mut self, step: Step<'_>) -> Result<Value, Refused> {
        let connection = connect(step).open().map_err(refused)?;
        let subprotocol = connection.subprotocol();
        self.0.insert(step.text_or("as", "a").to_owned(), connection);
        Ok(json!({ "subprotocol": subprotocol }))
    }

    fn open_until_refused(&mut self, step: Step<'_>) -> Value {
        let most = step.number_or("most", 1000);
        for opened in 0..most {
            match connect(step).open() {
                Ok(connection) => self.0.insert(format!("{opened}"), connection),
                Err(error) => return json!({ "opened": opened, "error": refused(error) }),
            };
        }
        json!({ "opened": most, "error": null })
    }
}

fn connect(step: Step<'_>) -> Connect {
    let mut connect = Connect::to(step.text_or("url", ""));
    for name in step.texts("subprotocols") {
        connect = connect.subprotocol(name);
    }
    for (name, value) in step.pairs("headers") {
        connect = connect.header(name, value);
    }
    match step.number("timeout_ms") {
        Some(ms) => connect.timeout(Duration::from_millis(ms)),
        None => connect,
    }
}

fn with(connection: &Connection, word: &str, step: Step<'_>) -> Result<Value, Refused> {
    let wait = |or| Duration::from_millis(step.number_or("timeout_ms", or));
    match word {
        "send" => send(connection, step),
        "receive" => match step.number("count") {
            None => Ok(shown(connection.receive(wait(1000)).map_err(refused)?)),
            Some(count) => {
                let mut all = Vec::new();
                for _ in 0..count {
                    let received = connection.receive(wait(1000)).map_err(refused)?;
                    let is_message = matches!(received, Received::Message(_));
                    all.push(shown(received));
                    if !is_message {
                        break;
                    }
                }
                Ok(json!(all))
            }
        },
        "receive_until_end" => {
            let (mut messages, mut size) = (0_u64, 0_usize);
            loop {
                match connection.receive(wait(60_000)).map_err(refused)? {
                    Received::Message(message) => {
                        messages += 1;
                        size += match message {
                            Message::Text(text) => text.len(),
                            Message::Binary(bytes) => bytes.len(),
                        };
                    }
                    Received::Timeout => return Ok(json!({ "messages": messages, "bytes": size, "timeout": true })),
                    Received::Closed(close) => {
                        return Ok(json!({ "messages": messages, "bytes": size, "closed": closed(&close) }));
                    }
                }
            }
        }
        "echo" => {
            let text = step.text_or("text", "echo");
            let times = step.number_or("times", 1);
            for turn in 0..times {
                connection.send_text(text).map_err(refused)?;
                match connection.receive(wait(10_000)).map_err(refused)? {
                    Received::Message(Message::Text(back)) if back == text => {}
                    other => return Err(json!({ "kind": "no-echo", "number": turn, "got": shown(other) })),
                }
            }
            Ok(json!({ "times": times }))
        }
        "close" => {
            let code = step.number_or("code", 1000) as u16;
            connection.close(code, step.text_or("reason", "")).map(|()| Value::Null).map_err(refused)
        }
        "status" => Ok(match connection.status() {
            Status::Open => json!("open"),
            Status::Closing => json!("closing"),
            Status::Closed(close) => json!({ "closed": closed(&close) }),
        }),
        _ => Ok(json!(connection.subprotocol())),
    }
}

fn send(connection: &Connection, step: Step<'_>) -> Result<Value, Refused> {
    let text = match step.number("text_bytes") {
        Some(count) => "t".repeat(count as usize),
        None => step.text_or("text", "").to_owned(),
    };
    let binary = step.number("bytes").map(bytes);
    for _ in 0..step.number_or("times", 1) {
        match &binary {
            Some(bytes) => connection.send_binary(bytes),
            None => connection.send_text(&text),
        }
        .map_err(refused)?;
    }
    Ok(Value::Null)
}

fn shown(received: Received) -> Value {
    match received {
        Received::Message(Message::Text(text)) => json!({ "text": text }),
        Received::Message(Message::Binary(bytes)) => json!({ "bytes": bytes.len(), "sum": sum(&bytes) }),
        Received::Timeout => json!("timeout"),
        Received::Closed(close) => json!({ "closed": closed(&close) }),
    }
}

fn closed(close: &Close) -> Value {
    json!({ "code": close.code, "reason": close.reason })
}

fn refused(error: Error) -> Refused {
    match error {
        Error::Denied(why) => json!({ "kind": "denied", "text": why }),
        Error::InvalidUrl(why) => json!({ "kind": "invalid-url", "text": why }),
        Error::TooManyConnections => json!({ "kind": "too-many-connections" }),
        Error::MessageTooLarge(most) => json!({ "kind": "message-too-large", "number": most }),
        Error::Timeout => json!({ "kind": "timeout" }),
        Error::Closed(close) => json!({ "kind": "closed", "code": close.code, "reason": close.reason }),
        Error::ConnectFailed(why) => json!({ "kind": "connect-failed", "text": why }),
        Error::Tls(why) => json!({ "kind": "tls", "text": why }),
        Error::Cancelled => json!({ "kind": "cancelled" }),
        Error::Protocol(why) => json!({ "kind": "protocol", "text": why }),
    }
}
