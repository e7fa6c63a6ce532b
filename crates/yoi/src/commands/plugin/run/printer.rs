//! What a plugin emits, as it emits it.
//!
//! Owns its form on stdout. It came from a plugin: it cannot drive the terminal.

use crate::failure::Failure;
use crate::output::{Form, Output};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plugin_host::{Content, Emitted, Level};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use yoi_tui::clean;

/// Prints outputs.
#[derive(Clone, Copy)]
pub struct Printer {
    /// Where to.
    pub output: Output,
    /// Whether stdout is for the answer of a tool, and for nothing else.
    pub is_answer_awaited: bool,
}

impl Printer {
    /// Prints until nobody emits any more.
    pub async fn print(self, mut outputs: Receiver<plugin_host::Output>) -> Result<(), Failure> {
        while let Some(emitted) = outputs.recv().await {
            if self.is_answer_awaited {
                self.output.tell(&line(&emitted));
            } else if self.output.form == Form::Json {
                self.output.json_line(&document(&emitted).to_string())?;
            } else {
                self.output.text(&format!("{}\n", clean::line(&line(&emitted))))?;
            }
        }
        Ok(())
    }

    /// Prints a tool's answer.
    pub fn answer(self, answer: &str) -> Result<(), Failure> {
        match self.output.form {
            Form::Json => self.output.json(&json!({ "answer": answer })),
            Form::Text => self.output.text(&format!("{}\n", clean::text(answer))),
        }
    }
}

fn line(output: &plugin_host::Output) -> String {
    let to = output.worker.as_ref().map(|worker| format!(" for {worker}")).unwrap_or_default();
    match &output.emitted {
        Emitted::Status(status) => format!("status{to}: {status}"),
        Emitted::Notice { level, code, message } => format!("notice{to}: {} {code}: {message}", word(*level)),
        Emitted::Ingress { kind, source, content: Content::Text(text) } => {
            format!("ingress{to}: {kind} from {source}: {text}")
        }
        Emitted::Ingress { kind, source, content: Content::Binary(bytes) } => {
            format!("ingress{to}: {kind} from {source}: {} bytes", bytes.len())
        }
        other => format!("{other:?}"),
    }
}

fn document(output: &plugin_host::Output) -> Value {
    let emitted = match &output.emitted {
        Emitted::Status(status) => json!({ "type": "status", "text": status }),
        Emitted::Notice { level, code, message } => {
            json!({ "type": "notice", "level": level, "code": code, "message": message })
        }
        Emitted::Ingress { kind, source, content } => {
            let (text, base64) = match content {
                Content::Text(text) => (Some(text), None),
                Content::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
            };
            json!({ "type": "ingress", "kind": kind, "source": source, "text": text, "base64": base64 })
        }
        other => json!({ "type": "other", "text": format!("{other:?}") }),
    };
    json!({ "plugin": output.plugin, "worker": output.worker, "emitted": emitted })
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}
