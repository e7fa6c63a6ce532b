//! The plugins of a workspace, for whoever runs its workers.
//!
//! Owns the handle: starting, reloading, ending, and calls of tools. What happens meanwhile is the
//! keeper's. Must not start an engine where there is nothing to run.

use crate::calls::{Call, Called};
use crate::folder;
use crate::keeper::Keeper;
use crate::options::Options;
use crate::shown::{self, Running};
use crate::workers::Workers;
use parking_lot::Mutex;
use plugin_host::{Host, ToolCall, ToolError};
use protocol::PluginList;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The most calls that wait to be told.
const CALLS: usize = 256;

/// The plugins of a workspace. All clones are the same.
#[derive(Clone)]
pub struct Plugins {
    shared: Arc<Shared>,
    options: Options,
}

/// What the handle and the keeper share.
pub(crate) struct Shared {
    /// There once something has been to run.
    pub host: Mutex<Option<Host>>,
    pub reload: Notify,
    /// Told to end.
    pub end: CancellationToken,
    calls: mpsc::Sender<Called>,
    /// Taken when it is started.
    called: Mutex<Option<mpsc::Receiver<Called>>>,
    keeper: Mutex<Option<JoinHandle<()>>>,
    /// How long plugins may take to end.
    pub deadline: Mutex<Duration>,
}

/// A tool of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// `<plugin>.<tool>`.
    pub name: String,
    /// For a model.
    pub description: String,
    /// A JSON Schema of type `object`.
    pub input_schema: Value,
}

impl Plugins {
    /// Plugins that do not run yet.
    #[must_use]
    pub fn new(options: Options) -> Plugins {
        let (calls, called) = mpsc::channel(CALLS);
        let shared = Shared {
            host: Mutex::default(),
            reload: Notify::new(),
            end: CancellationToken::new(),
            calls,
            called: Mutex::new(Some(called)),
            keeper: Mutex::default(),
            deadline: Mutex::new(Duration::from_secs(1)),
        };
        Plugins { shared: Arc::new(shared), options }
    }

    /// Begins to look at the workspace's files, and runs what is enabled. Once only.
    pub fn start(&self, workers: Arc<dyn Workers>) {
        let Some(called) = self.shared.called.lock().take() else { return };
        let keeper = Keeper::new(self.options.clone(), Arc::clone(&self.shared), workers, called);
        *self.shared.keeper.lock() = Some(tokio::spawn(keeper.run()));
    }

    /// Has the files read again, also where nothing seems to have changed.
    pub fn reload(&self) {
        self.shared.reload.notify_one();
    }

    /// Ends every plugin, at the latest after `deadline`. What they say of it is told before it
    /// returns.
    pub async fn shutdown(&self, deadline: Duration) {
        *self.shared.deadline.lock() = deadline;
        self.shared.end.cancel();
        let keeper = self.shared.keeper.lock().take();
        if let Some(keeper) = keeper {
            // one that panicked has ended as well
            let _ = keeper.await;
        }
    }

    /// Every package that is there: what it may reach, and how it does. Nothing of it is run for that.
    pub async fn shown(&self) -> PluginList {
        let running = self.host().map(|host| Running {
            statuses: host.statuses(),
            tools: host.tools().into_iter().map(|(plugin, tool)| (plugin, tool.name)).collect(),
        });
        let places = self.options.places.clone();
        let read = tokio::task::spawn_blocking(move || folder::read(&places)).await;
        let reading = read.unwrap_or_default();
        let problem = reading.wrong.as_ref().map(|_| {
            "plugins.toml is wrong, so nothing is granted to any plugin; `yoi plugin list` tells where".to_owned()
        });
        PluginList { runtime_id: None, plugins: shown::rows(&reading, &running.unwrap_or_default()), problem }
    }

    /// The tools that can be called now.
    #[must_use]
    pub fn tools(&self) -> Vec<Tool> {
        let tools = self.host().map(|host| host.tools()).unwrap_or_default();
        let named = |(plugin, tool): (Arc<str>, plugin_host::Tool)| Tool {
            name: format!("{plugin}.{}", tool.name),
            description: tool.description,
            input_schema: tool.input_schema,
        };
        tools.into_iter().map(named).collect()
    }

    /// Calls a tool, by its whole name. Whoever drops the future ends the call.
    ///
    /// # Errors
    /// When there is no such tool, when it says so, or when the plugin does not answer.
    pub async fn call(&self, name: &str, arguments: String, worker: &str) -> Result<String, ToolError> {
        let host = self.host().ok_or(ToolError::Unknown)?;
        let (plugin, tool) = name.split_once('.').ok_or(ToolError::Unknown)?;
        let is_there = host.statuses().iter().any(|status| &*status.id == plugin);
        if !is_there {
            // no stream to tell it in
            return Err(ToolError::Unknown);
        }
        let call = Call::begin(plugin, tool, worker, self.shared.calls.clone());
        let caller = Some(worker.into());
        let asked = ToolCall { plugin: plugin.to_owned(), tool: tool.to_owned(), arguments, caller };
        let answer = host.call(asked).await;
        call.end(&answer);
        answer
    }

    fn host(&self) -> Option<Host> {
        self.shared.host.lock().clone()
    }
}
