//! `executor = "llm"`.
//!
//! Owns the words of its settings. Must not connect to anything.

use super::{Agent, shared};
use agents::Secret;
use agents::llm::{Limits, Llm, LlmOptions, LlmOptionsError, Price, Provider, Retries};
use agents::tools::BuiltIn;
use std::sync::Arc;
use yoi_settings::Members;

/// Providers that are of no use without a key, where they are asked at their own address.
const NEED_KEY: &[&str] = &["openai", "openai-responses", "anthropic", "gemini"];

/// Reads one.
pub(super) fn read(name: String, description: Option<String>, table: &mut Members<'_>) -> Option<Agent> {
    let provider = provider(table);
    let price = price(table);
    let usual = LlmOptions::new(provider.clone().unwrap_or_else(|| Provider {
        name: String::new(),
        model: String::new(),
        base_url: None,
        key: None,
        headers: Vec::new(),
    }));
    let tools = table.parsed_texts("tools", |tool: &str| {
        let known = BuiltIn::ALL.map(BuiltIn::name).join(", ");
        BuiltIn::named(tool).ok_or_else(|| format!("has `{tool}`, which is no tool; there are: {known}"))
    });
    let options = LlmOptions {
        system: table.text("system"),
        reasoning: table.text("reasoning"),
        temperature: table.number("temperature"),
        workdir: table.path("workdir"),
        tools: tools.unwrap_or(usual.tools),
        plugin_tools: table.switch("plugin_tools").unwrap_or(usual.plugin_tools),
        mcp: shared::servers(table),
        policy: shared::policy(table),
        approval_time: table.duration("approval_time"),
        shell: shared::shell(table),
        tool_time: table.duration("tool_time").unwrap_or(usual.tool_time),
        limits: limits(table),
        price,
        window: table.count("window").and_then(|window| u64::try_from(window).ok()).unwrap_or(usual.window),
        retries: Retries {
            most: table.whole("retries").unwrap_or(usual.retries.most),
            first: usual.retries.first,
            longest: table.duration("retry_longest").unwrap_or(usual.retries.longest),
        },
        patience: table.duration("patience").unwrap_or(usual.patience),
        provider: provider?,
    };
    match Llm::new(name, options) {
        Ok(llm) => {
            let (facts, program) = (llm.facts(), None);
            let llm = match description {
                Some(description) => llm.described(description),
                None => llm,
            };
            Some(Agent { profile: Arc::new(llm), facts, program })
        }
        Err(error) => {
            let member = match &error {
                LlmOptionsError::Provider(_) => "provider",
                LlmOptionsError::NoModel => "model",
                LlmOptionsError::NoBaseUrl | LlmOptionsError::BaseUrl => "base_url",
                LlmOptionsError::Header(_) => "headers",
                LlmOptionsError::Reasoning(_) => "reasoning",
                LlmOptionsError::Window(_) => "window",
                LlmOptionsError::NoPrice => "cost",
                LlmOptionsError::McpName(_) => "mcp",
                LlmOptionsError::Client(_) => "executor",
            };
            table.wrong(member, &format!("does not fit: {error}"));
            None
        }
    }
}

fn provider(table: &mut Members<'_>) -> Option<Provider> {
    let name = table.required(
        "provider",
        "openai, openai-responses, openai-compatible, anthropic, gemini or ollama",
        Members::text,
    );
    let model = table.required("model", "the model, as the provider calls it", Members::text);
    let base_url = table.text("base_url");
    let has_key = table.has("key");
    let key = table.secret("key").map(Secret::new);
    let headers = shared::headers(table);
    let name = name?;
    if !has_key && base_url.is_none() && headers.is_empty() && NEED_KEY.contains(&name.as_str()) {
        table.wrong("key", "is missing: refer to the provider's key as { env = \"NAME\" } or { file = \"PATH\" }");
        return None;
    }
    Some(Provider { name, model: model?, base_url, key, headers })
}

fn price(table: &mut Members<'_>) -> Option<Price> {
    let (input, output) = (table.number("price_input"), table.number("price_output"));
    match (input, output) {
        (Some(input), Some(output)) if input >= 0.0 && output >= 0.0 => Some(Price { input, output }),
        (None, None) => None,
        _ => {
            table.unfit("has `price_input` and `price_output` together, what a million tokens cost, or neither");
            None
        }
    }
}

fn limits(table: &mut Members<'_>) -> Limits {
    let usual = Limits::default();
    Limits {
        turns: table.count("turns").and_then(|turns| u32::try_from(turns).ok()).unwrap_or(usual.turns),
        tokens: table.count("tokens").and_then(|tokens| u64::try_from(tokens).ok()),
        time: table.duration("time_limit").unwrap_or(usual.time),
        cost: table.number("cost"),
        answer_tokens: table.count("answer_tokens").and_then(|tokens| u32::try_from(tokens).ok()),
    }
}
