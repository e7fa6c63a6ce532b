//! Steps over the rest of the host: requests, the log, the clock, state, what is emitted.
//!
//! Owns how their answers look as JSON. Must not retry.

use crate::steps::{Refused, Step, bytes, sum};
use serde_json::{Value, json};
use std::time::Duration;
use yoi_plugin_pdk::emit::{self, Ingress};
use yoi_plugin_pdk::log::{self, Level};
use yoi_plugin_pdk::{Request, clock, request, state};

/// Carries a step out, if it is one of these.
pub fn step(word: &str, step: Step<'_>) -> Option<Result<Value, Refused>> {
    let key = step.text_or("key", "");
    let most = step.number_or("most", 1_000_000);
    Some(match word {
        "request" => send(step),
        "log" => {
            let level = match step.text_or("level", "info") {
                "trace" => Level::Trace,
                "debug" => Level::Debug,
                "warn" => Level::Warn,
                "error" => Level::Error,
                _ => Level::Info,
            };
            (0..step.number_or("times", 1)).for_each(|_| log::write(level, step.text_or("text", "")));
            Ok(Value::Null)
        }
        "clock" => Ok(json!({ "now": clock::unix_ms(), "monotonic": clock::monotonic().as_millis() as u64 })),
        "sleep" => (0..step.number_or("times", 1))
            .try_for_each(|_| clock::sleep(Duration::from_millis(step.number_or("ms", 0))))
            .map(|()| Value::Null)
            .map_err(|_| json!({ "kind": "cancelled" })),
        "get" => state::get_text(key).map(|value| json!(value)).map_err(of_state),
        "delete" => state::delete(key).map(|was| json!(was)).map_err(of_state),
        "keys" => state::keys(step.text_or("prefix", "")).map(|keys| json!(keys)).map_err(of_state),
        "set" => {
            let value = step.number("value_bytes").map(bytes);
            let value = value.unwrap_or_else(|| step.text_or("value", "").as_bytes().to_vec());
            state::set(key, value).map(|()| Value::Null).map_err(of_state)
        }
        "fill" => {
            let value = bytes(step.number_or("value_bytes", 1024));
            Ok(until_refused(most, "set", |at| state::set(&format!("fill/{at}"), &value).map_err(of_state)))
        }
        "notice" => notice(step).map(|()| Value::Null),
        "tell" => emit::status(step.text_or("text", "")).map(|()| Value::Null).map_err(of_emit),
        "ingress" => (0..step.number_or("times", 1)).try_for_each(|_| ingress(step)).map(|()| Value::Null),
        "emit_until_refused" => Ok(until_refused(most, "emitted", |_| notice(step))),
        _ => return None,
    })
}

fn until_refused(most: u64, done: &str, mut act: impl FnMut(u64) -> Result<(), Refused>) -> Value {
    for at in 0..most {
        if let Err(error) = act(at) {
            return json!({ done: at, "error": error });
        }
    }
    json!({ done: most, "error": null })
}

fn send(step: Step<'_>) -> Result<Value, Refused> {
    let mut request = Request::new(step.text_or("method", "GET"), step.text_or("url", ""));
    for (name, value) in step.pairs("headers") {
        request = request.header(name, value);
    }
    if let Some(body) = step.text("body") {
        request = request.body(body);
    }
    if let Some(count) = step.number("body_bytes") {
        request = request.body(bytes(count));
    }
    if let Some(ms) = step.number("timeout_ms") {
        request = request.timeout(Duration::from_millis(ms));
    }
    let response = request.send().map_err(of_request)?;
    let headers = response.headers().map(|(name, value)| json!([name, String::from_utf8_lossy(value)]));
    Ok(json!({
        "status": response.status(),
        "headers": headers.collect::<Vec<_>>(),
        "body_bytes": response.body().len(),
        "sum": sum(response.body()),
        "body": response.text().ok(),
    }))
}

fn notice(step: Step<'_>) -> Result<(), Refused> {
    let level = match step.text_or("level", "info") {
        "warning" => emit::Level::Warning,
        "error" => emit::Level::Error,
        _ => emit::Level::Info,
    };
    let (code, text) = (step.text_or("code", "probe"), step.text_or("text", "a notice"));
    emit::notice(level, code, text, step.text("worker")).map_err(of_emit)
}

fn ingress(step: Step<'_>) -> Result<(), Refused> {
    let (kind, source) = (step.text_or("kind", "probe/message"), step.text_or("source", "the probe"));
    let message = match step.number("bytes") {
        Some(count) => Ingress::binary(kind, source, bytes(count)),
        None => Ingress::text(kind, source, step.text_or("text", "")),
    };
    message.worker(step.text("worker").map(str::to_owned)).send().map_err(of_emit)
}

fn of_request(error: request::Error) -> Refused {
    use request::Error;
    match error {
        Error::Denied(why) => json!({ "kind": "denied", "text": why }),
        Error::InvalidUrl(why) => json!({ "kind": "invalid-url", "text": why }),
        Error::Invalid(why) => json!({ "kind": "invalid", "text": why }),
        Error::TooManyRequests => json!({ "kind": "too-many-requests" }),
        Error::TooLarge(most) => json!({ "kind": "too-large", "number": most }),
        Error::Timeout => json!({ "kind": "timeout" }),
        Error::ConnectFailed(why) => json!({ "kind": "connect-failed", "text": why }),
        Error::Tls(why) => json!({ "kind": "tls", "text": why }),
        Error::Protocol(why) => json!({ "kind": "protocol", "text": why }),
        Error::Cancelled => json!({ "kind": "cancelled" }),
    }
}

fn of_state(error: state::Error) -> Refused {
    use state::Error;
    match error {
        Error::InvalidKey(why) => json!({ "kind": "invalid-key", "text": why }),
        Error::ValueTooLarge(most) => json!({ "kind": "value-too-large", "number": most }),
        Error::Full(most) => json!({ "kind": "full", "number": most }),
        Error::TooManyKeys(most) => json!({ "kind": "too-many-keys", "number": most }),
        Error::Unavailable => json!({ "kind": "unavailable" }),
        Error::NotText => json!({ "kind": "not-text" }),
    }
}

fn of_emit(error: emit::Error) -> Refused {
    use emit::Error;
    match error {
        Error::Invalid(why) => json!({ "kind": "invalid", "text": why }),
        Error::TooLarge(most) => json!({ "kind": "too-large", "number": most }),
        Error::TooMany => json!({ "kind": "too-many" }),
        Error::UnknownWorker(worker) => json!({ "kind": "unknown-worker", "text": worker }),
        Error::Cancelled => json!({ "kind": "cancelled" }),
    }
}
