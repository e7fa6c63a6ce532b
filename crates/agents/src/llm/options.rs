//! How an `llm` worker is run: which model, with what, and within which limits.
//!
//! Owns the options and what is refused among them. Must not connect to anything.

use crate::mcp::{self, McpServer};
use crate::policy::Policy;
use crate::secret::Secret;
use crate::tools::{BuiltIn, ShellOptions};
use genai::adapter::AdapterKind;
use std::path::PathBuf;
use std::time::Duration;

/// A provider's own way to speak, by the names that are used in settings. Others are taken by the
/// name that the provider library has for them.
const PROVIDERS: &[(&str, AdapterKind)] = &[
    ("openai", AdapterKind::OpenAI),
    ("openai-responses", AdapterKind::OpenAIResp),
    ("anthropic", AdapterKind::Anthropic),
    ("gemini", AdapterKind::Gemini),
    ("ollama", AdapterKind::Ollama),
    ("openai-compatible", AdapterKind::OpenAI),
];

/// Where a model is.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name in settings.
    pub name: String,
    /// The model, as the provider calls it.
    pub model: String,
    /// Where it is reached; the provider's own address where absent.
    pub base_url: Option<String>,
    /// What it is shown.
    pub key: Option<Secret>,
    /// Headers that it is sent, too. Their values are taken for secrets.
    pub headers: Vec<(String, Secret)>,
}

impl Provider {
    /// How it speaks.
    pub(crate) fn kind(&self) -> Result<AdapterKind, LlmOptionsError> {
        let found = PROVIDERS.iter().find(|(name, _)| *name == self.name).map(|(_, kind)| *kind);
        let found = found.or_else(|| AdapterKind::from_lower_str(&self.name.replace('-', "_")));
        found.ok_or_else(|| LlmOptionsError::Provider(self.name.clone()))
    }
}

/// What one run may use up.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// How often the model is asked. Default 100.
    pub turns: u32,
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// How long it takes, questions to people included. Default 4 hours.
    pub time: Duration,
    /// What it costs, in the unit of [`Price`].
    pub cost: Option<f64>,
    /// Tokens of one answer; the provider's own bound where absent.
    pub answer_tokens: Option<u32>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { turns: 100, tokens: None, time: Duration::from_secs(4 * 3600), cost: None, answer_tokens: None }
    }
}

/// What a million tokens cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Those that are read.
    pub input: f64,
    /// Those that are written.
    pub output: f64,
}

/// How a provider that fails is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often at most, for one answer. Default 6.
    pub most: u32,
    /// The first wait; each further one is twice as long. Default 1 second.
    pub first: Duration,
    /// The longest wait. A provider that asks for more ends the run. Default 2 minutes.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Retries {
        Retries { most: 6, first: Duration::from_secs(1), longest: Duration::from_secs(120) }
    }
}

/// The options of an `llm` worker.
#[derive(Clone, Debug)]
pub struct LlmOptions {
    /// Where the model is.
    pub provider: Provider,
    /// What the model is told first, in place of our own words.
    pub system: Option<String>,
    /// How much it is to think: `low`, `medium`, `high`, or another word of the provider library.
    pub reasoning: Option<String>,
    /// How freely it chooses words.
    pub temperature: Option<f64>,
    /// The folder of workers that name none.
    pub workdir: Option<PathBuf>,
    /// Which of the built-in tools it has.
    pub tools: Vec<BuiltIn>,
    /// Whether it has the tools that plugins export.
    pub plugin_tools: bool,
    /// Servers of further tools.
    pub mcp: Vec<McpServer>,
    /// Who decides about calls.
    pub policy: Policy,
    /// How long a question stays open; then it counts as refused. None for ever.
    pub approval_time: Option<Duration>,
    /// How commands are run.
    pub shell: ShellOptions,
    /// The longest that a tool of another program may take. Default 5 minutes.
    pub tool_time: Duration,
    /// What one run may use up.
    pub limits: Limits,
    /// What tokens cost.
    pub price: Option<Price>,
    /// How many tokens the model reads at once. Default 128,000.
    pub window: u64,
    /// How a provider that fails is asked again.
    pub retries: Retries,
    /// A provider that says nothing for so long is asked again. Default 3 minutes.
    pub patience: Duration,
}

/// Why these options make no worker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LlmOptionsError {
    /// Nobody knows this provider.
    #[error(
        "there is no provider `{0}`: openai, openai-responses, openai-compatible, anthropic, gemini, ollama, and others such as groq, deepseek, mistral, xai or open-router"
    )]
    Provider(String),
    /// No model.
    #[error("the model is empty")]
    NoModel,
    /// Something that is compatible is somewhere.
    #[error("`openai-compatible` needs a `base_url`, such as http://127.0.0.1:8080/v1/")]
    NoBaseUrl,
    /// Not a URL of a provider.
    #[error("`base_url` is an http or https URL without user, query or fragment")]
    BaseUrl,
    /// A header that cannot be sent.
    #[error("`{0}` is not a header that can be sent")]
    Header(String),
    /// No such word.
    #[error("`{0}` is no amount of reasoning: zero, low, medium, high, xhigh or max")]
    Reasoning(String),
    /// A window in which nothing fits.
    #[error("a window of {0} tokens is too small: give at least 2000")]
    Window(u64),
    /// A cost without prices.
    #[error("a limit on cost needs prices: price_input and price_output")]
    NoPrice,
    /// Two servers of one name.
    #[error("two MCP servers are called `{0}`")]
    McpName(String),
    /// The client cannot be made.
    #[error("the client cannot be made: {0}")]
    Client(String),
}

impl LlmOptions {
    /// A worker of this model, with all built-in tools and every limit at its default.
    #[must_use]
    pub fn new(provider: Provider) -> LlmOptions {
        LlmOptions {
            provider,
            system: None,
            reasoning: None,
            temperature: None,
            workdir: None,
            tools: BuiltIn::ALL.to_vec(),
            plugin_tools: true,
            mcp: Vec::new(),
            policy: Policy::default(),
            approval_time: None,
            shell: ShellOptions::default(),
            tool_time: Duration::from_secs(300),
            limits: Limits::default(),
            price: None,
            window: 128_000,
            retries: Retries::default(),
            patience: Duration::from_secs(180),
        }
    }

    /// Whether these options make a worker; connects to nothing.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn validate(&self) -> Result<(), LlmOptionsError> {
        let provider = &self.provider;
        provider.kind()?;
        if provider.model.trim().is_empty() {
            return Err(LlmOptionsError::NoModel);
        }
        if provider.name == "openai-compatible" && provider.base_url.is_none() {
            return Err(LlmOptionsError::NoBaseUrl);
        }
        if let Some(url) = &provider.base_url {
            let url = reqwest::Url::parse(url).map_err(|_| LlmOptionsError::BaseUrl)?;
            let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            if !plain || url.password().is_some() || !matches!(url.scheme(), "http" | "https") || !url.has_host() {
                return Err(LlmOptionsError::BaseUrl);
            }
        }
        if let Some(word) = &self.reasoning
            && genai::chat::ReasoningEffort::from_keyword(word).is_none()
        {
            return Err(LlmOptionsError::Reasoning(word.clone()));
        }
        if self.window < 2000 {
            return Err(LlmOptionsError::Window(self.window));
        }
        if self.limits.cost.is_some() && self.price.is_none() {
            return Err(LlmOptionsError::NoPrice);
        }
        if let Some(name) = mcp::called_twice(&self.mcp) {
            return Err(LlmOptionsError::McpName(name.to_owned()));
        }
        Ok(())
    }

    /// Everything that must not be said.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let headers = self.provider.headers.iter().map(|(_, value)| value.clone());
        let mcp = self.mcp.iter().flat_map(McpServer::secrets);
        let shell = self.shell.variables.secrets();
        self.provider.key.iter().cloned().chain(headers).chain(mcp).chain(shell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(name: &str) -> Provider {
        Provider { name: name.into(), model: "m".into(), base_url: None, key: None, headers: Vec::new() }
    }

    #[test]
    fn refuses_with_clear_words() {
        for name in ["openai", "openai-responses", "anthropic", "gemini", "ollama", "groq", "open-router"] {
            assert_eq!(LlmOptions::new(provider(name)).validate(), Ok(()), "{name}");
        }
        let good = LlmOptions::new(provider("openai"));
        let with_url = |url: &str| {
            LlmOptions::new(Provider { base_url: Some(url.into()), ..provider("openai-compatible") }).validate()
        };
        assert_eq!(with_url("http://127.0.0.1:8080/v1"), Ok(()));
        for url in ["", "ftp://x/", "https://user:word@x/", "https://x/?key=1", "127.0.0.1:80"] {
            assert_eq!(with_url(url), Err(LlmOptionsError::BaseUrl), "{url}");
        }
        let limits = Limits { cost: Some(1.0), ..Limits::default() };
        for (bad, words) in [
            (LlmOptions::new(provider("opennai")), "no provider `opennai`"),
            (LlmOptions::new(provider("openai-compatible")), "needs a `base_url`"),
            (LlmOptions { reasoning: Some("much".into()), ..good.clone() }, "no amount of reasoning"),
            (LlmOptions { window: 10, ..good.clone() }, "too small"),
            (LlmOptions { limits, ..good.clone() }, "needs prices"),
        ] {
            let said = bad.validate().unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
    }
}
