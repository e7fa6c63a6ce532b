//! What plugins emit, as events.
//!
//! Owns how each is told, and where. What a plugin emits is seen under its name by whoever watches;
//! it never is an input, nor in a worker's context.

use crate::stream::{Streams, worker_id};
use crate::workers::{Told, Untold};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use plugin_host::{Content, Emitted, Output, Sink, SinkError};
use protocol::WorkerId;
use serde_json::json;
use std::sync::Arc;

/// Where plugins emit to.
pub(crate) struct Outlet {
    streams: Arc<Streams>,
}

impl Outlet {
    /// An outlet into these streams.
    pub fn new(streams: Arc<Streams>) -> Outlet {
        Outlet { streams }
    }
}

impl Sink for Outlet {
    fn take(&self, output: Output) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move {
            let Output { plugin, worker, emitted, .. } = output;
            let told = told(&plugin, emitted);
            let answer = match &worker {
                None => self.streams.tell_own(&plugin, told).await,
                Some(worker) => match worker.parse::<WorkerId>() {
                    Ok(own) if own == worker_id(&plugin) => self.streams.tell_own(&plugin, told).await,
                    Ok(worker) => self.streams.tell(worker, told).await,
                    Err(_) => Err(Untold::NoWorker),
                },
            };
            answer.map_err(|untold| match (untold, worker) {
                (Untold::NoWorker | Untold::Stopped, Some(worker)) => SinkError::UnknownWorker(worker),
                (untold, _) => {
                    tracing::debug!(target: "yoi::plugin", plugin = &*plugin, %untold, "what it emitted was not taken");
                    SinkError::Full
                }
            })
        })
    }
}

/// What a plugin emitted, under its name.
fn told(plugin: &str, emitted: Emitted) -> Told {
    let namespace = |what: &str| format!("plugin.{plugin}/{what}");
    match emitted {
        Emitted::Notice { level, code, message } => {
            Told::Notice { level: level_of(level), code: namespace(&code), message }
        }
        Emitted::Status(text) => Told::Extension { namespace: namespace("status"), value: json!({ "text": text }) },
        Emitted::Ingress { kind, source, content } => {
            let content = match content {
                Content::Text(text) => json!({ "type": "text", "text": text }),
                Content::Binary(bytes) => json!({ "type": "binary", "base64": STANDARD.encode(bytes) }),
            };
            let value = json!({ "kind": kind, "source": source, "content": content });
            Told::Extension { namespace: namespace("ingress"), value }
        }
        _ => {
            tracing::warn!(target: "yoi::plugin", plugin, "an output of a kind that is not known is told without its content");
            Told::Extension { namespace: namespace("unknown"), value: json!({}) }
        }
    }
}

fn level_of(level: plugin_host::Level) -> protocol::Level {
    match level {
        plugin_host::Level::Info => protocol::Level::Info,
        plugin_host::Level::Warning => protocol::Level::Warning,
        plugin_host::Level::Error => protocol::Level::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plugin_emits_is_under_its_name() {
        let notice = Emitted::Notice { level: plugin_host::Level::Error, code: "disk".into(), message: "full".into() };
        let expected =
            Told::Notice { level: protocol::Level::Error, code: "plugin.a/disk".into(), message: "full".into() };
        assert_eq!(told("a", notice), expected);
        let ingress =
            |content| told("a", Emitted::Ingress { kind: "chat/message".into(), source: "#x".into(), content });
        for (content, expected) in [
            (Content::Text("hi".into()), json!({ "type": "text", "text": "hi" })),
            (Content::Binary(vec![0, 255]), json!({ "type": "binary", "base64": "AP8=" })),
        ] {
            let value = json!({ "kind": "chat/message", "source": "#x", "content": expected });
            assert_eq!(ingress(content), Told::Extension { namespace: "plugin.a/ingress".into(), value });
        }
        let status = told("a", Emitted::Status("connected".into()));
        let value = json!({ "text": "connected" });
        assert_eq!(status, Told::Extension { namespace: "plugin.a/status".into(), value });
    }
}
