//! How an agent is run: which, in what surroundings, and who decides about what it asks.
//!
//! Owns the options and what is refused among them. Must not start anything.

use crate::confine::Sandbox;
use crate::environment::Variables;
use crate::mcp::{self, McpServer};
use crate::policy::Policy;
use crate::secret::Secret;
use crate::tools::ShellOptions;
use std::path::PathBuf;
use std::time::Duration;

/// How often an agent that crashes is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restarts {
    /// At most so often. Default 3.
    pub most: usize,
    /// Within so long. Default 10 minutes.
    pub within: Duration,
}

impl Default for Restarts {
    fn default() -> Restarts {
        Restarts { most: 3, within: Duration::from_secs(600) }
    }
}

/// The options of an agent that speaks the Agent Client Protocol.
#[derive(Clone, Debug)]
pub struct AcpOptions {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// What it finds in its environment, beside what every program needs.
    pub variables: Variables,
    /// What it may reach itself. Off by default: it needs its own settings and sign-in.
    pub sandbox: Sandbox,
    /// The folder of workers that name none.
    pub workdir: Option<PathBuf>,
    /// The mode that it is put into, by its own name for it.
    pub mode: Option<String>,
    /// Whether it may have us read and write files for it, decided by `policy` and confined to the
    /// folder. Where not, it reaches them itself. Default true.
    pub serve_files: bool,
    /// Servers of tools that it is told of. It connects to them itself, and is given their secrets.
    pub mcp: Vec<McpServer>,
    /// Who decides about what it asks for.
    pub policy: Policy,
    /// How long a question stays open; then it counts as refused. None for ever.
    pub approval_time: Option<Duration>,
    /// How commands that it asks us to run are run.
    pub shell: ShellOptions,
    /// How long starting and opening a session may take. Default 1 minute.
    pub start_time: Duration,
    /// The longest that one run may take. Default 4 hours.
    pub time_limit: Duration,
    /// How long it has to end a run that is cancelled, before it is ended itself. Default 5 seconds.
    pub cancel_time: Duration,
    /// From SIGTERM to SIGKILL. Default 5 seconds.
    pub kill_after: Duration,
    /// How often one that crashes is started again.
    pub restarts: Restarts,
}

/// Why these options make no agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcpOptionsError {
    /// No program.
    #[error("the command of an agent is empty: give a program and its arguments, such as [\"opencode\", \"acp\"]")]
    NoCommand,
    /// A byte that no argument can hold.
    #[error("the command holds a zero byte, which cannot be passed to a program")]
    ZeroByte,
    /// Two servers of one name.
    #[error("two MCP servers are called `{0}`")]
    McpName(String),
}

impl AcpOptions {
    /// An agent with every option at its default.
    pub fn new<I: IntoIterator<Item = S>, S: Into<String>>(command: I) -> AcpOptions {
        AcpOptions {
            command: command.into_iter().map(Into::into).collect(),
            variables: Variables::default(),
            sandbox: Sandbox::Off,
            workdir: None,
            mode: None,
            serve_files: true,
            mcp: Vec::new(),
            policy: Policy::default(),
            approval_time: None,
            shell: ShellOptions::default(),
            start_time: Duration::from_secs(60),
            time_limit: Duration::from_secs(4 * 3600),
            cancel_time: Duration::from_secs(5),
            kill_after: Duration::from_secs(5),
            restarts: Restarts::default(),
        }
    }

    /// Whether these options make an agent; starts nothing.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn validate(&self) -> Result<(), AcpOptionsError> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(AcpOptionsError::NoCommand);
        }
        if self.command.iter().any(|word| word.contains('\0')) {
            return Err(AcpOptionsError::ZeroByte);
        }
        if let Some(name) = mcp::called_twice(&self.mcp) {
            return Err(AcpOptionsError::McpName(name.to_owned()));
        }
        Ok(())
    }

    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let servers = self.mcp.iter().flat_map(McpServer::secrets);
        self.variables.secrets().chain(self.shell.variables.secrets()).chain(servers).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::McpAt;

    #[test]
    fn refuses_with_clear_words() {
        assert_eq!(AcpOptions::new(["opencode", "acp"]).validate(), Ok(()));
        assert_eq!(AcpOptions::new(Vec::<String>::new()).validate(), Err(AcpOptionsError::NoCommand));
        assert_eq!(AcpOptions::new([""]).validate(), Err(AcpOptionsError::NoCommand));
        assert_eq!(AcpOptions::new(["a\0"]).validate(), Err(AcpOptionsError::ZeroByte));
        let at = || McpAt::Program { command: vec!["x".to_owned()], variables: Variables::default() };
        let twice = vec![McpServer::new("a", at()).unwrap(), McpServer::new("a", at()).unwrap()];
        let options = AcpOptions { mcp: twice, ..AcpOptions::new(["a"]) };
        assert_eq!(options.validate(), Err(AcpOptionsError::McpName("a".to_owned())));
    }
}
