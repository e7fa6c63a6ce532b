//! The executor that is an agent itself: a loop over any provider of models, with tools.
//!
//! Owns the profile and what lives as long as a worker: its MCP servers. A worker's memory is its
//! log, and nothing beside it. Must not know any provider's form: `genai` does.

mod calls;
mod conversation;
mod failure;
pub(crate) mod http;
mod options;
mod provider;
mod reply;
mod run;
mod spending;

pub use options::{Limits, LlmOptions, LlmOptionsError, Price, Provider, Retries};

use crate::mcp::Servers;
use crate::secret::Redactor;
use futures_util::future::BoxFuture;
use protocol::Level;
use provider::Model;
use run::Run;
use std::sync::Arc;
use yoi_executor::{Ending, Executor, Output, Profile, RunContext};

/// A profile whose workers are agents over a model.
#[derive(Clone)]
pub struct Llm {
    name: String,
    description: Option<String>,
    shared: Arc<Shared>,
}

struct Shared {
    options: LlmOptions,
    model: Model,
    redactor: Redactor,
}

impl Llm {
    /// A profile of this name. Connects to nothing.
    ///
    /// # Errors
    /// When the options make no worker.
    pub fn new(name: impl Into<String>, options: LlmOptions) -> Result<Llm, LlmOptionsError> {
        options.validate()?;
        let redactor = Redactor::new(options.secrets());
        let model = Model::new(&options, redactor.clone())?;
        let shared = Arc::new(Shared { options, model, redactor });
        Ok(Llm { name: name.into(), description: None, shared })
    }

    /// The same, described for people.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Llm { description: Some(description.into()), ..self }
    }
}

impl Llm {
    /// What people are shown of it. Names no secret.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let options = &self.shared.options;
        let provider = &options.provider;
        let mut facts = vec![("provider", provider.name.clone()), ("model", provider.model.clone())];
        facts.extend(provider.base_url.clone().map(|url| ("base_url", url)));
        facts.push(("key", if provider.key.is_some() { "set" } else { "none" }.to_owned()));
        let tools: Vec<_> = options.tools.iter().map(|tool| tool.name()).collect();
        facts.push(("tools", tools.join(", ")));
        let servers: Vec<_> = options.mcp.iter().map(|server| server.name.as_str()).collect();
        if !servers.is_empty() {
            facts.push(("mcp", servers.join(", ")));
        }
        facts.extend(options.policy.facts());
        facts.push(("turns", options.limits.turns.to_string()));
        facts.push(("time_limit", format!("{:?}", options.limits.time)));
        facts.push(("window", options.window.to_string()));
        facts.extend(options.workdir.as_ref().map(|workdir| ("workdir", workdir.display().to_string())));
        facts
    }
}

impl Profile for Llm {
    fn name(&self) -> &str {
        &self.name
    }

    fn executor(&self) -> &'static str {
        "llm"
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn make(&self) -> Box<dyn Executor> {
        let shared = Arc::clone(&self.shared);
        let servers = Servers::new(shared.options.mcp.clone(), shared.redactor.clone());
        Box::new(LlmExecutor { shared, servers })
    }
}

struct LlmExecutor {
    shared: Arc<Shared>,
    servers: Servers,
}

impl Executor for LlmExecutor {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            let shared = Arc::clone(&self.shared);
            let workdir = context.workdir.clone().or_else(|| shared.options.workdir.clone());
            let connected = tokio::select! {
                biased;
                () = context.cancel.cancelled() => return Ending::cancelled(),
                failed = self.servers.connect(workdir.as_deref()) => failed,
            };
            for message in connected {
                let notice = Output::Notice { level: Level::Warning, code: "mcp_unavailable".to_owned(), message };
                if context.say(notice).await.is_err() {
                    return Ending::cancelled();
                }
            }
            let run = Run {
                context: &context,
                options: &shared.options,
                model: &shared.model,
                redactor: &shared.redactor,
                servers: &self.servers,
            };
            Box::pin(run.run()).await
        })
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.servers.end())
    }
}
