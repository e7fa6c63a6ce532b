//! A model, reached through the provider library (genai).
//!
//! Owns the one place that knows that library's client: a conversation goes in, and what the model
//! says comes out piece by piece. Must not say anything itself, nor ask again.

use super::failure::{self, Failure};
use super::options::{LlmOptions, LlmOptionsError};
use crate::secret::Redactor;
use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatFrameSink, ChatMessage, ChatOptions, ChatRequest, ChatStream, ChatStreamEvent, FrameCtx, RawFrameRef,
    ReasoningEffort, StopReason, StreamEnd, Tool,
};
use genai::resolver::{AuthData, Endpoint, ProviderConfig};
use genai::{Client, ModelIden};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The most bytes of one answer, as the provider frames it.
const ANSWER_BYTES: usize = 32 << 20;

/// A model.
#[derive(Clone)]
pub(crate) struct Model {
    client: Client,
    model: ModelIden,
    options: ChatOptions,
    patience: Duration,
    redactor: Redactor,
}

/// What a model says.
#[derive(Debug)]
pub(crate) enum Said {
    /// A piece of its answer.
    Text(String),
    /// A piece of what it thinks.
    Thinking(String),
    /// A tool call, as far as it has come.
    Call(genai::chat::ToolCall),
    /// That was all.
    End(Box<StreamEnd>),
}

/// An answer under way.
pub(crate) struct Answer {
    stream: ChatStream,
    frames: Arc<Frames>,
    patience: Duration,
    redactor: Redactor,
}

/// Looks at every frame: the library drops some that it cannot read.
#[derive(Debug, Default)]
struct Frames {
    bytes: AtomicUsize,
    malformed: AtomicBool,
}

impl ChatFrameSink for Frames {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        self.bytes.fetch_add(frame.data.len(), Ordering::Relaxed);
        let data = frame.data.trim();
        let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let lines_are_json = || data.lines().all(|line| line.trim().is_empty() || is_json(line));
        if !data.is_empty() && data != "[DONE]" && !is_json(data) && !lines_are_json() {
            self.malformed.store(true, Ordering::Relaxed);
        }
    }
}

impl Model {
    /// The model of these options. Connects to nothing.
    pub(crate) fn new(options: &LlmOptions, redactor: Redactor) -> Result<Model, LlmOptionsError> {
        let provider = &options.provider;
        let kind = provider.kind()?;
        // always set, so that the library looks for none in the environment
        let key = provider.key.as_ref().map_or("none", |key| key.expose());
        let mut config = ProviderConfig::from_auth(AuthData::from_single(key));
        if let Some(url) = &provider.base_url {
            let slash = if url.ends_with('/') { "" } else { "/" };
            config = config.with_endpoint(Endpoint::from_owned(format!("{url}{slash}")));
        }
        let http = super::http::client().map_err(LlmOptionsError::Client)?;
        let client = Client::builder().with_reqwest(http).with_adapter_kind(kind).append_provider_config(kind, config);
        let client = client.build().map_err(|error| LlmOptionsError::Client(redactor.clean(error.to_string())))?;
        Ok(Model {
            client,
            model: ModelIden::new(kind, provider.model.clone()),
            options: chat_options(options, kind)?,
            patience: options.patience,
            redactor,
        })
    }

    /// Asks. The request is sent while the answer is read.
    pub(crate) async fn ask(
        &self,
        system: &str,
        messages: Vec<ChatMessage>,
        tools: Vec<Tool>,
    ) -> Result<Answer, Failure> {
        let mut request = ChatRequest::new(messages).with_system(system);
        if !tools.is_empty() {
            request = request.with_tools(tools);
        }
        let frames = Arc::new(Frames::default());
        let options = self.options.clone().with_raw_frame_sink_arc(Arc::clone(&frames) as Arc<dyn ChatFrameSink>);
        let asked = self.client.exec_chat_stream(self.model.clone(), request, Some(&options)).await;
        let answer = asked.map_err(|error| Failure::from_error(&error, &self.redactor))?;
        let (patience, redactor) = (self.patience, self.redactor.clone());
        Ok(Answer { stream: answer.stream, frames, patience, redactor })
    }
}

fn chat_options(options: &LlmOptions, kind: AdapterKind) -> Result<ChatOptions, LlmOptionsError> {
    let mut chat = ChatOptions::default()
        .with_capture_usage(true)
        .with_capture_content(true)
        .with_capture_reasoning_content(true)
        .with_capture_tool_calls(true)
        .with_stream_header_timeout(options.patience)
        .with_stream_read_timeout(options.patience);
    if kind == AdapterKind::OpenAI {
        // some compatible servers put what is thought between marks in the text
        chat = chat.with_normalize_reasoning_content(true);
    }
    if let Some(word) = &options.reasoning {
        let effort = ReasoningEffort::from_keyword(word);
        chat = chat.with_reasoning_effort(effort.ok_or_else(|| LlmOptionsError::Reasoning(word.clone()))?);
    }
    if let Some(temperature) = options.temperature {
        chat = chat.with_temperature(temperature);
    }
    if let Some(tokens) = options.limits.answer_tokens {
        chat = chat.with_max_tokens(tokens);
    }
    let mut headers = Vec::new();
    for (name, value) in &options.provider.headers {
        let fits = reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
            && reqwest::header::HeaderValue::from_str(value.expose()).is_ok();
        if !fits {
            return Err(LlmOptionsError::Header(name.clone()));
        }
        headers.push((name.clone(), value.expose().to_owned()));
    }
    if !headers.is_empty() {
        chat = chat.with_extra_headers(headers);
    }
    Ok(chat)
}

impl Answer {
    /// What comes next. After [`Said::End`] nothing does.
    pub(crate) async fn next(&mut self) -> Result<Said, Failure> {
        loop {
            // signs of life that say nothing do not count
            let next = tokio::time::timeout(self.patience, self.progress()).await.map_err(|_| failure::silent())?;
            if self.frames.malformed.load(Ordering::Relaxed) {
                return Err(failure::malformed());
            }
            if self.frames.bytes.load(Ordering::Relaxed) > ANSWER_BYTES {
                return Err(Failure {
                    reason: "answer_too_long",
                    message: format!("the answer is longer than {ANSWER_BYTES} bytes"),
                    passes: failure::Passes::Never,
                });
            }
            return match next {
                Some(Ok(ChatStreamEvent::Chunk(chunk))) => Ok(Said::Text(chunk.content)),
                Some(Ok(ChatStreamEvent::ReasoningChunk(chunk))) => Ok(Said::Thinking(chunk.content)),
                Some(Ok(ChatStreamEvent::ToolCallChunk(chunk))) => Ok(Said::Call(chunk.tool_call)),
                Some(Ok(ChatStreamEvent::End(end))) => {
                    // an end without a reason is made up by the library, where a stream was cut off
                    match &end.captured_stop_reason {
                        None => Err(failure::cut_off()),
                        Some(StopReason::Other(reason)) if reason == "failed" || reason == "ERROR" => {
                            Err(Failure::passing("provider_failed", "the provider says that it failed"))
                        }
                        Some(_) => Ok(Said::End(Box::new(end))),
                    }
                }
                Some(Ok(
                    ChatStreamEvent::Start | ChatStreamEvent::ThoughtSignatureChunk(_) | ChatStreamEvent::Heartbeat,
                )) => continue,
                Some(Err(error)) => Err(Failure::from_error(&error, &self.redactor)),
                None => Err(failure::cut_off()),
            };
        }
    }

    async fn progress(&mut self) -> Option<Result<ChatStreamEvent, genai::Error>> {
        loop {
            match self.stream.next().await {
                Some(Ok(ChatStreamEvent::Heartbeat)) => {}
                other => return other,
            }
        }
    }
}
