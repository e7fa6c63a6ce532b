//! The executor that runs any agent that speaks the Agent Client Protocol.
//!
//! Owns the agent's life: it is started at the first input, kept, started again where it crashed
//! within a budget, and its session is taken up again where it offers that. Nothing outside of this
//! module knows the protocol's library, whose majors are frequent.

mod connection;
mod options;
mod program;
mod serve;
mod servers;
mod session;
mod terminals;
mod updates;

pub use options::{AcpOptions, AcpOptionsError, Restarts};

use crate::secret::Redactor;
use crate::tools::Workdir;
use futures_util::future::BoxFuture;
use program::Program;
use session::{Session, Turn};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::Instant;
use yoi_executor::{Ending, Executor, Profile, RunContext};

/// A profile whose workers are agents of other programs.
#[derive(Clone)]
pub struct Acp {
    name: String,
    description: Option<String>,
    shared: Arc<Shared>,
}

struct Shared {
    options: AcpOptions,
    redactor: Redactor,
}

impl Acp {
    /// A profile of this name. Starts nothing.
    ///
    /// # Errors
    /// When the options make no agent.
    pub fn new(name: impl Into<String>, options: AcpOptions) -> Result<Acp, AcpOptionsError> {
        options.validate()?;
        let redactor = Redactor::new(options.secrets());
        Ok(Acp { name: name.into(), description: None, shared: Arc::new(Shared { options, redactor }) })
    }

    /// The same, described for people.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Acp { description: Some(description.into()), ..self }
    }
}

impl Acp {
    /// What people are shown of it. Names no secret.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let options = &self.shared.options;
        let mut facts = vec![("command", options.command.join(" "))];
        let names: Vec<_> = options.variables.names().collect();
        if !names.is_empty() {
            facts.push(("env", names.join(", ")));
        }
        facts.extend(options.mode.clone().map(|mode| ("mode", mode)));
        if !options.serve_files {
            facts.push(("serve_files", "false".to_owned()));
        }
        let servers: Vec<_> = options.mcp.iter().map(|server| server.name.as_str()).collect();
        if !servers.is_empty() {
            facts.push(("mcp", servers.join(", ")));
        }
        facts.extend(options.policy.facts());
        facts.push(("time_limit", format!("{:?}", options.time_limit)));
        facts.extend(options.workdir.as_ref().map(|workdir| ("workdir", workdir.display().to_string())));
        facts
    }

    /// The program that it starts.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        self.shared.options.command.first().map(String::as_str)
    }
}

impl Profile for Acp {
    fn name(&self) -> &str {
        &self.name
    }

    fn executor(&self) -> &'static str {
        "acp"
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn make(&self) -> Box<dyn Executor> {
        let shared = Arc::clone(&self.shared);
        Box::new(AcpExecutor { shared, living: None, session_id: None, starts: VecDeque::new() })
    }
}

struct AcpExecutor {
    shared: Arc<Shared>,
    living: Option<(Program, Session)>,
    /// The newest session, also of an agent that is gone.
    session_id: Option<String>,
    /// When it was started again, newest last.
    starts: VecDeque<Instant>,
}

impl Executor for AcpExecutor {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            let limit = self.shared.options.time_limit;
            let cancel = context.cancel.clone();
            let ran = tokio::time::timeout(limit, Box::pin(self.run_once(&context))).await;
            match ran {
                Ok(ending) => ending,
                Err(_) => {
                    cancel.cancel();
                    self.end().await;
                    Ending::limit("time_limit", format!("the run took longer than {limit:?}"))
                }
            }
        })
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.end())
    }
}

impl AcpExecutor {
    async fn run_once(&mut self, context: &RunContext) -> Ending {
        let shared = Arc::clone(&self.shared);
        let folder = context.workdir.clone().or_else(|| shared.options.workdir.clone());
        let Some(folder) = folder else {
            return Ending::failed(
                "workdir_missing",
                "an agent needs a folder to work in: give the worker or its profile one",
            );
        };
        let workdir = match tokio::task::spawn_blocking(move || Workdir::open(&folder)).await {
            Ok(Ok(workdir)) => workdir,
            Ok(Err(error)) => {
                let message = format!("the folder to work in cannot be opened: {}", error.kind());
                return Ending::failed("workdir_missing", message);
            }
            Err(_) => return Ending::failed("workdir_missing", "the folder to work in cannot be opened"),
        };
        let started = tokio::select! {
            biased;
            () = context.cancel.cancelled() => return Ending::cancelled(),
            started = self.ensure(context, &workdir) => started,
        };
        if let Err(ending) = started {
            self.end().await;
            return ending;
        }
        let Some((program, session)) = &mut self.living else {
            return Ending::failed("agent_exited", "the agent is gone");
        };
        match session.turn(context, &shared.options, &shared.redactor, &workdir).await {
            Turn::Ended(ending) => ending,
            Turn::Deaf => {
                self.end().await;
                Ending::cancelled()
            }
            Turn::Gone => {
                let words = program.ended(&shared.redactor).await;
                self.end().await;
                Ending::failed("agent_exited", format!("the agent {words}"))
            }
        }
    }

    /// Has a living agent with a session.
    async fn ensure(&mut self, context: &RunContext, workdir: &Workdir) -> Result<(), Ending> {
        if self.living.as_ref().is_some_and(|(_, session)| session.lives()) {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let options = &shared.options;
        self.end().await;
        self.spend_start()?;
        let started = Program::start(options, workdir.root()).await;
        let (program, streams) = started.map_err(|words| Ending::failed("spawn_failed", words))?;
        self.starts.push_back(Instant::now());
        let before = match &self.session_id {
            Some(id) => Some(id.clone()),
            None => session::of_history(context).await,
        };
        let opened = Session::open(context, options, &shared.redactor, workdir, streams, before);
        let opened = tokio::time::timeout(options.start_time, opened).await;
        match opened {
            Ok(Ok(session)) => {
                self.session_id = Some(session.id().to_owned());
                self.living = Some((program, session));
                Ok(())
            }
            Ok(Err(session::OpenError::Gone)) => {
                let mut program = program;
                let words = program.ended(&shared.redactor).await;
                program.end(options.kill_after).await;
                Err(Ending::failed("agent_exited", format!("the agent {words}")))
            }
            Ok(Err(session::OpenError::Ending(ending))) => {
                program.end(options.kill_after).await;
                Err(ending)
            }
            Err(_) => {
                program.end(options.kill_after).await;
                let message = format!("the agent was not ready within {:?}", options.start_time);
                Err(Ending::failed("agent_not_ready", message))
            }
        }
    }

    /// Whether it may be started once more.
    fn spend_start(&mut self) -> Result<(), Ending> {
        let restarts = self.shared.options.restarts;
        let old = |start: &Instant| start.elapsed() > restarts.within;
        while self.starts.front().is_some_and(old) {
            self.starts.pop_front();
        }
        // the first start is none again
        if self.starts.len() > restarts.most {
            let message = format!(
                "the agent was started {} times within {:?}, and is not started again before that is over",
                self.starts.len(),
                restarts.within
            );
            return Err(Ending::failed("agent_crashes", message));
        }
        Ok(())
    }

    async fn end(&mut self) {
        if let Some((program, session)) = self.living.take() {
            drop(session);
            program.end(self.shared.options.kill_after).await;
        }
    }
}
