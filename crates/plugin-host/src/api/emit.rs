//! `emit`: what the plugin gives to the workspace.
//!
//! Owns the rules for each field. Must not change content; text for people is freed of control
//! characters.

use crate::bindings::emit::{Content, EmitError, Host, IngressMessage, Level};
use crate::emit::{self, Emitted, Output, SinkError};
use crate::instance::Guest;
use crate::text::{self, Lines};
use std::time::Duration;
use tokio::time::timeout;

const MAX_NAME_BYTES: usize = 64;
const MAX_MESSAGE_BYTES: usize = 4 << 10;
const MAX_STATUS_BYTES: usize = 200;
const MAX_SOURCE_BYTES: usize = 256;
const MAX_CONTENT_BYTES: usize = 64 << 10;

/// How long the workspace may take to make room.
const SINK_WAIT: Duration = Duration::from_secs(5);

impl Host for Guest {
    async fn notice(
        &mut self,
        level: Level,
        code: String,
        message: String,
        worker: Option<String>,
    ) -> wasmtime::Result<Result<(), EmitError>> {
        let checked = check_name("code", &code, b"").and_then(|()| bounded(message.len(), MAX_MESSAGE_BYTES));
        let level = match level {
            Level::Info => emit::Level::Info,
            Level::Warning => emit::Level::Warning,
            Level::Error => emit::Level::Error,
        };
        let message = text::clean(&message, Lines::Many).into_owned();
        self.emit(checked, worker, Emitted::Notice { level, code, message }).await
    }

    async fn status(&mut self, status: String) -> wasmtime::Result<Result<(), EmitError>> {
        let checked = bounded(status.len(), MAX_STATUS_BYTES);
        let status = text::clean(&status, Lines::One).into_owned();
        self.emit(checked, None, Emitted::Status(status)).await
    }

    async fn ingress(&mut self, message: IngressMessage) -> wasmtime::Result<Result<(), EmitError>> {
        let IngressMessage { kind, source, content, worker } = message;
        let content = match content {
            Content::Text(text) => emit::Content::Text(text),
            Content::Binary(bytes) => emit::Content::Binary(bytes),
        };
        let len = match &content {
            emit::Content::Text(text) => text.len(),
            emit::Content::Binary(bytes) => bytes.len(),
        };
        let checked = check_name("kind", &kind, b"/")
            .and_then(|()| bounded(source.len(), MAX_SOURCE_BYTES))
            .and_then(|()| bounded(len, MAX_CONTENT_BYTES));
        let source = text::clean(&source, Lines::One).into_owned();
        self.emit(checked, worker, Emitted::Ingress { kind, source, content }).await
    }
}

impl Guest {
    async fn emit(
        &mut self,
        checked: Result<(), EmitError>,
        worker: Option<String>,
        emitted: Emitted,
    ) -> wasmtime::Result<Result<(), EmitError>> {
        if self.told.is_cancelled() {
            return Ok(Err(EmitError::Cancelled));
        }
        let names_one = |worker: &String| !worker.is_empty() && worker.len() <= MAX_NAME_BYTES;
        let checked = checked.and_then(|()| match worker.as_ref().is_none_or(names_one) {
            true => Ok(()),
            false => Err(EmitError::Invalid("worker: no id is like this".to_owned())),
        });
        if let Err(error) = checked {
            return Ok(Err(error));
        }
        let plugin = &self.plugin;
        if plugin.emit_rate.take().is_err() {
            return Ok(Err(EmitError::TooMany));
        }
        let output = Output { plugin: plugin.id.clone(), worker, caller: self.caller.clone(), emitted };
        let taken = timeout(SINK_WAIT, plugin.services.sink.take(output));
        Ok(tokio::select! {
            biased;
            taken = taken => match taken {
                Ok(Ok(())) => Ok(()),
                Ok(Err(SinkError::UnknownWorker(worker))) => Err(EmitError::UnknownWorker(worker)),
                Ok(Err(SinkError::Full)) | Err(_) => Err(EmitError::TooMany),
            },
            () = self.told.cancelled() => Err(EmitError::Cancelled),
        })
    }
}

fn bounded(len: usize, most: usize) -> Result<(), EmitError> {
    if len <= most { Ok(()) } else { Err(EmitError::TooLarge(most as u64)) }
}

fn check_name(field: &str, name: &str, more: &[u8]) -> Result<(), EmitError> {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b) || more.contains(&b);
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(good) {
        return Ok(());
    }
    let slash = if more.is_empty() { "" } else { " and /" };
    Err(EmitError::Invalid(format!("{field}: 1 to {MAX_NAME_BYTES} of a-z 0-9 . _ -{slash}")))
}
