//! Tools of MCP servers: programs that speak over their standard streams, and services over HTTP.
//!
//! Owns the servers of one worker: connecting, the names of their tools, calls, and their end. The
//! protocol is `rmcp`'s. Must not decide whether a tool is called.

mod connect;

use crate::environment::Variables;
use crate::secret::{Redactor, Secret};
use crate::tools::{Answer, bounds};
use connect::Connection;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use yoi_executor::Tool;

/// The most tools of one server that a model is told of.
const TOOLS: usize = 128;
/// How long connecting may take, with the list of tools.
const CONNECT: Duration = Duration::from_secs(30);

/// Where a server is.
#[derive(Clone, Debug)]
pub enum McpAt {
    /// A program that is started for each worker.
    Program {
        /// It and its arguments; no shell reads them.
        command: Vec<String>,
        /// What it finds in its environment.
        variables: Variables,
    },
    /// A service over streamable HTTP.
    Url {
        /// Where.
        url: String,
        /// What it is sent. Values are taken for secrets.
        headers: Vec<(String, Secret)>,
    },
}

/// A server of tools.
#[derive(Clone, Debug)]
pub struct McpServer {
    /// Its tools are called `name__tool`. 1 to 24 characters of a-z, A-Z, 0-9, `_` and `-`,
    /// without `__` and no `_` at its end.
    pub name: String,
    /// Where it is.
    pub at: McpAt,
}

/// Why this is no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum McpError {
    /// Not a name.
    #[error(
        "`{0}` is no name of an MCP server: 1 to 24 characters of a-z, A-Z, 0-9, '_' and '-', without '__' and no '_' at its end"
    )]
    Name(String),
    /// No program.
    #[error("the command of an MCP server is empty")]
    NoCommand,
    /// Not a URL.
    #[error("the url of an MCP server is an http or https URL without user and fragment")]
    Url,
}

impl McpServer {
    /// A server of this name.
    ///
    /// # Errors
    /// When it cannot be one; nothing is connected to.
    pub fn new(name: impl Into<String>, at: McpAt) -> Result<McpServer, McpError> {
        let name = name.into();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > 24 || !name.chars().all(fits) || name.contains("__") || name.ends_with('_') {
            return Err(McpError::Name(name));
        }
        match &at {
            McpAt::Program { command, .. } if command.first().is_none_or(String::is_empty) => Err(McpError::NoCommand),
            McpAt::Url { url, .. } => {
                let url = reqwest::Url::parse(url).map_err(|_| McpError::Url)?;
                let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
                let fits = plain && url.has_host() && matches!(url.scheme(), "http" | "https");
                if fits { Ok(McpServer { name, at }) } else { Err(McpError::Url) }
            }
            McpAt::Program { .. } => Ok(McpServer { name, at }),
        }
    }

    pub(crate) fn secrets(&self) -> Vec<Secret> {
        match &self.at {
            McpAt::Program { variables, .. } => variables.secrets().collect(),
            McpAt::Url { headers, .. } => headers.iter().map(|(_, value)| value.clone()).collect(),
        }
    }
}

/// A name that more than one of them has.
pub(crate) fn called_twice(servers: &[McpServer]) -> Option<&str> {
    let mut names = HashSet::new();
    servers.iter().map(|server| server.name.as_str()).find(|name| !names.insert(*name))
}

struct Slot {
    server: McpServer,
    connection: Option<Connection>,
    tools: Vec<Tool>,
}

/// The servers of a worker.
pub(crate) struct Servers {
    slots: Vec<Slot>,
    redactor: Redactor,
}

impl Servers {
    /// None is connected yet.
    pub(crate) fn new(servers: Vec<McpServer>, redactor: Redactor) -> Servers {
        let slot = |server| Slot { server, connection: None, tools: Vec::new() };
        Servers { slots: servers.into_iter().map(slot).collect(), redactor }
    }

    /// Connects to those that are not connected (any more). Tells of those that are not there.
    pub(crate) async fn connect(&mut self, folder: Option<&Path>) -> Vec<String> {
        let redactor = &self.redactor;
        let connecting = self.slots.iter_mut().map(|slot| async move {
            if slot.connection.as_ref().is_some_and(Connection::lives) {
                return None;
            }
            slot.connection = None;
            slot.tools.clear();
            let name = slot.server.name.clone();
            let words = match tokio::time::timeout(CONNECT, Connection::open(&slot.server, folder)).await {
                Ok(Ok((connection, tools))) => {
                    slot.connection = Some(connection);
                    slot.tools = tools;
                    return None;
                }
                Ok(Err(words)) => words,
                Err(_) => format!("it did not answer within {CONNECT:?}"),
            };
            let words = redactor.clean(words);
            Some(format!("the MCP server `{name}` is not there, so its tools are not either: {words}"))
        });
        futures_util::future::join_all(connecting).await.into_iter().flatten().collect()
    }

    /// The tools that there are.
    pub(crate) fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.slots.iter().flat_map(|slot| slot.tools.iter().take(TOOLS))
    }

    /// Calls one, once.
    pub(crate) async fn call(&self, name: &str, arguments: serde_json::Value) -> Answer {
        let found = self.slots.iter().find_map(|slot| {
            let tool = name.strip_prefix(&slot.server.name)?.strip_prefix("__")?;
            slot.connection.as_ref().map(|connection| (connection, tool))
        });
        let Some((connection, tool)) = found else {
            return Answer::failure(format!("the server of `{name}` is not there any more"));
        };
        let answer = connection.call(tool.to_owned(), arguments).await;
        Answer { text: bounds::cut(answer.text), ..answer }
    }

    /// Ends all.
    pub(crate) async fn end(&mut self) {
        let ending = self.slots.iter_mut().filter_map(|slot| slot.connection.take()).map(Connection::close);
        futures_util::future::join_all(ending).await;
    }
}
