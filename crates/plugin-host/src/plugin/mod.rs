//! One plugin of the host: its package, its standing, and what of it runs.
//!
//! Owns the change from one standing to another. The grants are changed first and what runs second,
//! so that a connection whose grant is gone is closed for that reason. Must not decide what is
//! granted.

mod restart;
mod service;
mod status;
mod tools;

pub use restart::Restart;
pub use status::{Counters, State, Status};
pub(crate) use tools::check_arguments;
pub use tools::{ListError, Tool, ToolError};

use crate::cache::{Compiled, Prepared};
use crate::context::{Context, Services};
use crate::imports::{Interfaces, LinkError};
use crate::package::Package;
use crate::permission::{Authority, Gate};
use crate::state::{MemoryStorage, State as Store};
use manifest::{Capability, Enablement, PluginGrant, Standing};
use parking_lot::Mutex;
use service::Service;
use status::Board;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the plugins of a host share.
pub(crate) struct Shared {
    pub compiled: Compiled,
    /// Held by whoever compiles.
    pub compiling: Arc<Semaphore>,
    pub services: Arc<Services>,
    pub slots: Arc<Semaphore>,
    pub restart: Restart,
    pub abort: CancellationToken,
}

/// A plugin, in one version.
pub(crate) struct Plugin {
    pub package: Package,
    shared: Arc<Shared>,
    changes: watch::Sender<Arc<Authority>>,
    context: Arc<Context>,
    board: Arc<Board>,
    active: Mutex<Option<Active>>,
}

/// What of a plugin runs, or can be called.
struct Active {
    interfaces: Interfaces,
    config: Arc<str>,
    prepared: Arc<Prepared>,
    tools: Arc<[Tool]>,
    stop: CancellationToken,
    service: Option<JoinHandle<()>>,
}

/// What a call of a tool needs.
pub(crate) struct Callable {
    prepared: Arc<Prepared>,
    context: Arc<Context>,
    board: Arc<Board>,
    slots: Arc<Semaphore>,
    /// Cancelled when the plugin stops.
    pub stop: CancellationToken,
}

impl Plugin {
    /// A plugin that does nothing yet.
    pub fn new(package: Package, store: Arc<Store>, shared: Arc<Shared>) -> Plugin {
        let manifest = package.manifest().clone();
        let enablement = Enablement::new(&manifest, &package.digest(), None);
        let (changes, gate) = Gate::new(Authority { manifest: manifest.clone(), enablement });
        let id = manifest.plugin().id.clone();
        let context = Context::new(id, manifest.limits().clone(), gate, store, shared.services.clone());
        let (context, board) = (Arc::new(context), Arc::new(Board::new(State::Disabled)));
        Plugin { package, shared, changes, context, board, active: Mutex::default() }
    }

    /// Takes over what is granted now. It counts at once, for open connections as well; what runs stays
    /// until `settle`.
    pub fn authorise(&self, grant: Option<&Arc<PluginGrant>>) {
        let manifest = self.package.manifest().clone();
        let enablement = Enablement::new(&manifest, &self.package.digest(), grant);
        self.changes.send_replace(Arc::new(Authority { manifest, enablement }));
    }

    /// Starts or stops what is granted or not any more.
    pub async fn settle(&self, config: &Arc<str>) {
        let authority = self.changes.borrow().clone();
        let standing = authority.enablement.standing();
        let interfaces = self.interfaces(&authority.enablement);
        let keeps = |active: &Active| Some(active.interfaces) == interfaces && active.config == *config;
        let is_same = self.active.lock().as_ref().is_some_and(keeps);
        let goes_on = is_same && self.board.state() != State::Failed;
        if goes_on {
            return;
        }
        self.stop().await;
        match interfaces {
            Some(interfaces) => self.start(interfaces, config.clone()).await,
            None => self.board.set(match standing {
                Standing::Suspended => State::Suspended,
                _ => State::Disabled,
            }),
        }
    }

    /// Ends what runs. When it returns, nothing of it is left.
    pub async fn stop(&self) {
        let Some(active) = self.active.lock().take() else { return };
        active.stop.cancel();
        if let Some(service) = active.service {
            let _ = service.await;
        }
    }

    /// Its tools, while they can be called.
    pub fn tools(&self) -> Arc<[Tool]> {
        self.active.lock().as_ref().map_or_else(|| Arc::from([]), |active| active.tools.clone())
    }

    /// A tool that can be called.
    pub fn callable(&self, name: &str) -> Option<Callable> {
        let active = self.active.lock();
        let active = active.as_ref()?;
        active.tools.iter().any(|tool| tool.name == name).then(|| Callable {
            prepared: active.prepared.clone(),
            context: self.context.clone(),
            board: self.board.clone(),
            slots: self.shared.slots.clone(),
            stop: active.stop.clone(),
        })
    }

    /// How it does.
    pub fn status(&self) -> Status {
        let plugin = self.package.manifest().plugin();
        let (state, last_error, counters) = self.board.shown();
        let connections = usize::try_from(self.context.limits.connections).unwrap_or(0);
        Status {
            id: plugin.id.clone(),
            version: plugin.version.clone(),
            digest: self.package.digest(),
            standing: self.changes.borrow().enablement.standing(),
            state,
            last_error,
            counters,
            connections: connections.saturating_sub(self.context.connections.available_permits()),
        }
    }

    /// What is linked, if the plugin may run.
    fn interfaces(&self, enablement: &Enablement) -> Option<Interfaces> {
        let grant = enablement.grant().filter(|_| enablement.is_in_force())?;
        let has = |capability: Capability| {
            !self.package.manifest().targets(capability).is_empty() && !grant.targets(capability).is_empty()
        };
        Some(Interfaces { request: has(Capability::Request), websocket: has(Capability::Websocket) })
    }

    async fn start(&self, interfaces: Interfaces, config: Arc<str>) {
        self.board.set(State::Starting);
        match self.prepare(interfaces).await {
            Ok((prepared, tools)) => self.run(interfaces, config, prepared, tools),
            Err(error) => {
                tracing::warn!(target: "yoi::plugin", plugin = &*self.context.id, error, "the plugin cannot be started");
                self.board.error(&error);
                self.board.set(State::Failed);
            }
        }
    }

    /// Compiles and links, and asks for the tools.
    async fn prepare(&self, interfaces: Interfaces) -> Result<(Arc<Prepared>, Vec<Tool>), String> {
        let prepared = self.compiled(interfaces).await?;
        // with nothing granted, and a state that nobody keeps
        let manifest = self.package.manifest().clone();
        let enablement = Enablement::new(&manifest, &self.package.digest(), None);
        let (_changes, gate) = Gate::new(Authority { manifest, enablement });
        let id = self.context.id.clone();
        let store = Arc::new(Store::new(id.clone(), Arc::new(MemoryStorage::default())));
        let context = Context::new(id, self.context.limits.clone(), gate, store, self.shared.services.clone());
        let listed = tools::list(&prepared, Arc::new(context), &self.shared.slots, &self.shared.abort).await;
        Ok((prepared, listed.map_err(|error| error.to_string())?))
    }

    /// Compiles, unless that was done: packages may share a component.
    async fn compiled(&self, interfaces: Interfaces) -> Result<Arc<Prepared>, String> {
        let shared = self.shared.clone();
        let digest = self.package.manifest().component().sha256;
        if let Some(prepared) = shared.compiled.ready(digest, interfaces) {
            return Ok(prepared);
        }
        const FAILED: &str = "the component could not be compiled";
        // one at a time: the compiler takes every core by itself, and the next may find its own done
        let turn = shared.compiling.clone().acquire_owned().await.map_err(|_| FAILED)?;
        let component = self.package.component().clone();
        let compile = move || {
            let prepared = shared.compiled.prepare(digest, &component, interfaces);
            drop(turn);
            prepared
        };
        let prepared = tokio::task::spawn_blocking(compile).await.map_err(|_| FAILED)?;
        prepared.map_err(|error: LinkError| error.to_string())
    }

    fn run(&self, interfaces: Interfaces, config: Arc<str>, prepared: Arc<Prepared>, tools: Vec<Tool>) {
        let stop = self.shared.abort.child_token();
        let service = prepared.service.is_some().then(|| {
            let service = Service {
                prepared: prepared.clone(),
                context: self.context.clone(),
                board: self.board.clone(),
                config: config.clone(),
                restart: self.shared.restart,
                slots: self.shared.slots.clone(),
                stop: stop.clone(),
                abort: self.shared.abort.clone(),
            };
            tokio::spawn(service.run())
        });
        if service.is_none() {
            self.board.set(State::Running);
        }
        let tools = tools.into();
        *self.active.lock() = Some(Active { interfaces, config, prepared, tools, stop, service });
    }
}

impl Callable {
    /// Calls the tool. It ends when `kill` is cancelled.
    pub async fn call(
        self,
        kill: CancellationToken,
        caller: Option<Arc<str>>,
        name: String,
        arguments: String,
    ) -> Result<String, ToolError> {
        let answer = tools::call(&self.prepared, self.context, &self.slots, kill, caller, name, arguments).await;
        self.board.count(|counters| match &answer {
            Ok(_) => counters.calls += 1,
            Err(_) => counters.failed_calls += 1,
        });
        if let Err(error @ (ToolError::Call(_) | ToolError::TooLarge)) = &answer {
            self.board.error(&format!("call: {error}"));
        }
        answer
    }
}
