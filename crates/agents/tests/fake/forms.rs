//! The forms in which providers answer, as their documentation shows them.
//!
//! Owns the frames of each. Must not know how they are sent.

use super::Say;
use serde_json::{Value, json};

/// Whose form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    OpenAi,
    Responses,
    Anthropic,
    Gemini,
    Ollama,
}

fn data(value: Value) -> String {
    format!("data: {value}\n\n")
}

fn event(value: Value) -> String {
    format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap())
}

impl Form {
    pub const ALL: [Form; 5] = [Form::OpenAi, Form::Responses, Form::Anthropic, Form::Gemini, Form::Ollama];

    /// The provider's name in settings.
    pub fn provider(self) -> &'static str {
        match self {
            Form::OpenAi => "openai",
            Form::Responses => "openai-responses",
            Form::Anthropic => "anthropic",
            Form::Gemini => "gemini",
            Form::Ollama => "ollama",
        }
    }

    pub fn prefix(self) -> &'static str {
        match self {
            Form::OpenAi | Form::Responses | Form::Anthropic => "/v1/",
            Form::Gemini => "/v1beta/",
            Form::Ollama => "/",
        }
    }

    pub fn media_type(self) -> &'static str {
        if self == Form::Ollama { "application/x-ndjson" } else { "text/event-stream" }
    }

    /// How many frames stand before the first that says something.
    pub fn opening(self) -> usize {
        match self {
            Form::Responses | Form::Anthropic => 2,
            Form::OpenAi | Form::Gemini | Form::Ollama => 0,
        }
    }

    /// How many frames at the end make an answer whole.
    pub fn closing(self) -> usize {
        match self {
            Form::OpenAi => 3,
            Form::Responses => 1,
            Form::Anthropic => 2,
            Form::Gemini | Form::Ollama => 1,
        }
    }

    pub fn ping(self) -> String {
        match self {
            Form::Anthropic => event(json!({"type": "ping"})),
            Form::Ollama => "\n".to_owned(),
            Form::OpenAi | Form::Responses | Form::Gemini => ": ping\n\n".to_owned(),
        }
    }

    pub fn broken(self) -> String {
        match self {
            Form::Anthropic => "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\n\n".to_owned(),
            Form::Ollama => "{\"message\":\n".to_owned(),
            Form::OpenAi | Form::Responses | Form::Gemini => {
                "data: {\"type\":\"response.output_text.delta\",\n\n".to_owned()
            }
        }
    }

    pub fn overloaded(self) -> String {
        match self {
            Form::OpenAi => data(json!({"error": {"message": "overloaded, try later", "type": "server_error"}})),
            Form::Responses => {
                event(json!({"type": "error", "code": "server_error", "message": "overloaded, try later"}))
            }
            Form::Anthropic => {
                event(json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}))
            }
            Form::Gemini => {
                data(json!({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}))
            }
            Form::Ollama => format!("{}\n", json!({"error": "server overloaded"})),
        }
    }

    /// A whole answer, frame by frame. 100 tokens are read and 10 written.
    pub fn whole(self, says: &[Say], full: bool) -> Vec<String> {
        match self {
            Form::OpenAi => openai(says, full),
            Form::Responses => responses(says, full),
            Form::Anthropic => anthropic(says, full),
            Form::Gemini => gemini(says, full),
            Form::Ollama => ollama(says, full),
        }
    }
}

fn calls(says: &[Say]) -> bool {
    says.iter().any(|say| matches!(say, Say::Call(..)))
}

fn openai(says: &[Say], full: bool) -> Vec<String> {
    let chunk = |delta: Value, finish: Option<&str>| {
        data(json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))
    };
    let (mut frames, mut index) = (Vec::new(), 0);
    for say in says {
        match say {
            Say::Think(text) => frames.push(chunk(json!({"reasoning_content": text}), None)),
            Say::Text(text) => frames.push(chunk(json!({"content": text}), None)),
            Say::Call(tool, pieces) => {
                let id = format!("call_{index}_{tool}");
                let function = json!({"name": tool, "arguments": ""});
                frames.push(chunk(
                    json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}),
                    None,
                ));
                for piece in pieces {
                    frames
                        .push(chunk(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}), None));
                }
                index += 1;
            }
        }
    }
    let finish = if full {
        "length"
    } else if calls(says) {
        "tool_calls"
    } else {
        "stop"
    };
    frames.push(chunk(json!({}), Some(finish)));
    frames.push(data(json!({"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}})));
    frames.push("data: [DONE]\n\n".to_owned());
    frames
}

fn responses(says: &[Say], full: bool) -> Vec<String> {
    let mut frames = vec![
        event(json!({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}})),
        event(json!({"type": "response.in_progress", "response": {"id": "resp_1", "status": "in_progress"}})),
    ];
    let mut output = Vec::new();
    for (at, say) in says.iter().enumerate() {
        match say {
            Say::Think(text) => frames.push(event(json!({"type": "response.reasoning_summary_text.delta", "output_index": at, "summary_index": 0, "delta": text}))),
            Say::Text(text) => frames.push(event(json!({"type": "response.output_text.delta", "output_index": at, "content_index": 0, "delta": text}))),
            Say::Call(tool, pieces) => {
                let item = |arguments: &str| json!({"type": "function_call", "id": format!("fc_{at}"), "call_id": format!("call_{at}"), "name": tool, "arguments": arguments});
                frames.push(event(json!({"type": "response.output_item.added", "output_index": at, "item": item("")})));
                for piece in pieces {
                    frames.push(event(json!({"type": "response.function_call_arguments.delta", "output_index": at, "item_id": format!("fc_{at}"), "delta": piece})));
                }
                let whole = item(&pieces.concat());
                frames.push(event(json!({"type": "response.output_item.done", "output_index": at, "item": whole})));
                output.push(whole);
            }
        }
    }
    let usage = json!({"input_tokens": 100, "output_tokens": 10, "total_tokens": 110});
    let (kind, status) = if full { ("response.incomplete", "incomplete") } else { ("response.completed", "completed") };
    frames.push(event(json!({"type": kind, "response": {"id": "resp_1", "model": "m", "status": status, "output": output, "usage": usage}})));
    frames
}

fn anthropic(says: &[Say], full: bool) -> Vec<String> {
    let usage = json!({"input_tokens": 100, "output_tokens": 1});
    let mut frames = vec![event(
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m", "usage": usage}}),
    )];
    let (mut index, mut open) = (0, None);
    let stop = |frames: &mut Vec<String>, open: &mut Option<&'static str>, index: &mut u32| {
        if open.take().is_some() {
            frames.push(event(json!({"type": "content_block_stop", "index": *index})));
            *index += 1;
        }
    };
    for say in says {
        let kind = match say {
            Say::Think(_) => "thinking",
            Say::Text(_) => "text",
            Say::Call(..) => "tool_use",
        };
        if open != Some(kind) || kind == "tool_use" {
            stop(&mut frames, &mut open, &mut index);
            let block = match say {
                Say::Think(_) => json!({"type": "thinking", "thinking": "", "signature": ""}),
                Say::Text(_) => json!({"type": "text", "text": ""}),
                Say::Call(tool, _) => {
                    json!({"type": "tool_use", "id": format!("toolu_{index}"), "name": tool, "input": {}})
                }
            };
            frames.push(event(json!({"type": "content_block_start", "index": index, "content_block": block})));
            open = Some(kind);
        }
        let delta = |delta: Value| event(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        match say {
            Say::Think(text) => {
                frames.push(delta(json!({"type": "thinking_delta", "thinking": text})));
                frames.push(delta(json!({"type": "signature_delta", "signature": "c2lnbmVk"})));
            }
            Say::Text(text) => frames.push(delta(json!({"type": "text_delta", "text": text}))),
            Say::Call(_, pieces) => {
                frames.extend(
                    pieces.iter().map(|piece| delta(json!({"type": "input_json_delta", "partial_json": piece}))),
                );
            }
        }
    }
    stop(&mut frames, &mut open, &mut index);
    let reason = if full {
        "max_tokens"
    } else if calls(says) {
        "tool_use"
    } else {
        "end_turn"
    };
    frames.push(event(json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": {"output_tokens": 10}})));
    frames.push(event(json!({"type": "message_stop"})));
    frames
}

fn gemini(says: &[Say], full: bool) -> Vec<String> {
    let usage = json!({"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110});
    let frame = |part: Value, finish: Option<&str>| {
        let mut candidate = json!({"content": {"role": "model", "parts": [part]}, "index": 0});
        if let Some(finish) = finish {
            candidate["finishReason"] = json!(finish);
        }
        data(json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m"}))
    };
    let mut frames: Vec<String> = says
        .iter()
        .map(|say| match say {
            Say::Think(text) => frame(json!({"text": text, "thought": true}), None),
            Say::Text(text) => frame(json!({"text": text}), None),
            Say::Call(tool, pieces) => {
                // what is no JSON cannot be said in this form
                let arguments: Value = serde_json::from_str(&pieces.concat()).unwrap_or_default();
                frame(json!({"functionCall": {"name": tool, "args": arguments}}), None)
            }
        })
        .collect();
    frames.push(frame(json!({"text": ""}), Some(if full { "MAX_TOKENS" } else { "STOP" })));
    frames
}

fn ollama(says: &[Say], full: bool) -> Vec<String> {
    let line = |message: Value| format!("{}\n", json!({"model": "m", "message": message, "done": false}));
    let mut frames: Vec<String> = says
        .iter()
        .map(|say| match say {
            Say::Think(text) => line(json!({"role": "assistant", "content": "", "thinking": text})),
            Say::Text(text) => line(json!({"role": "assistant", "content": text})),
            Say::Call(tool, pieces) => {
                let arguments: Value = serde_json::from_str(&pieces.concat()).unwrap_or_default();
                line(json!({"role": "assistant", "content": "", "tool_calls": [{"function": {"name": tool, "arguments": arguments}}]}))
            }
        })
        .collect();
    let reason = if full { "length" } else { "stop" };
    frames.push(format!("{}\n", json!({"model": "m", "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": reason, "prompt_eval_count": 100, "eval_count": 10})));
    frames
}
