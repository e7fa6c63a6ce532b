//! The host.
//!
//! Owns the plugins and the order in which everything ends. A handle is cheap to clone. Must not
//! grant: what is granted comes in with a plan, and nothing that a plugin or a model can call leads
//! here.

use crate::cache::{self, CacheError, Compiled};
use crate::context::Services;
use crate::dial::Dialler;
use crate::engine::{Allocation, Engine, EngineError};
use crate::gauges::Gauges;
use crate::options::Options;
use crate::plan::Plan;
use crate::plugin::{Plugin, Shared, Status, Tool, ToolError, check_arguments};
use crate::state::{State as Store, Storage};
use crate::tls::{self, TlsError};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use manifest::{Grants, PluginGrant};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A host of plugins.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    storage: Arc<dyn Storage>,
    plugins: Mutex<BTreeMap<Arc<str>, Arc<Plugin>>>,
    /// The states live as long as the host, whatever version of a plugin uses them.
    stores: Mutex<BTreeMap<Arc<str>, Arc<Store>>>,
    /// What is granted now, which may be newer than the plan that is being taken over.
    grants: Mutex<Option<Arc<Grants>>>,
    /// One plan after the other.
    applying: tokio::sync::Mutex<Phase>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Ended,
}

/// A host cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder for compiled code is not to be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Of which plugin.
    pub plugin: String,
    /// Which tool.
    pub tool: String,
    /// The JSON text of an object.
    pub arguments: String,
    /// The worker whose model calls.
    pub caller: Option<Arc<str>>,
}

/// A host that nobody shut down ends all the same when its last handle goes, in the background.
impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.abort.cancel();
    }
}

/// How a host ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every plugin ended by itself.
    Drained,
    /// Some were cut off at the deadline.
    CutOff,
}

impl Host {
    /// Starts a host without plugins, in the runtime that this is called in.
    ///
    /// # Errors
    /// When the engine, the folder for compiled code or TLS cannot be set up.
    pub fn start(options: Options) -> Result<Host, StartError> {
        if let Some(folder) = &options.code {
            cache::folder(folder)?;
        }
        let engine = Engine::new(options.instances.max(1), options.code.as_deref())?;
        let gauges = Gauges::default();
        let dialler =
            Dialler::new(options.resolver, tls::connector(&options.trust)?, options.nat64.into(), gauges.clone());
        let (secrets, sink, clock) = (options.secrets, options.sink, options.clock);
        let services = Services { dialler, secrets, sink, clock, gauges, ending: TaskTracker::new() };
        let shared = Shared {
            compiled: Compiled::new(engine),
            compiling: Arc::new(Semaphore::new(1)),
            services: Arc::new(services),
            slots: Arc::new(Semaphore::new(usize::try_from(options.instances.max(1)).unwrap_or(1))),
            restart: options.restart,
            abort: CancellationToken::new(),
        };
        Ok(Host(Arc::new(Inner {
            shared: Arc::new(shared),
            storage: options.storage,
            plugins: Mutex::default(),
            stores: Mutex::default(),
            grants: Mutex::default(),
            applying: tokio::sync::Mutex::new(Phase::Open),
        })))
    }

    /// Takes over a plan. Grants count at once, for open connections as well; then plugins that are
    /// not in force any more are stopped, and others started. When it returns, each has been started
    /// or has said why not; `start` and `run` of services go on by themselves.
    pub async fn apply(&self, plan: Plan) {
        let Plan { packages, grants, configs } = plan;
        self.authorise(grants);
        let phase = self.0.applying.lock().await;
        if *phase == Phase::Ended {
            return;
        }
        let mut wanted = BTreeMap::new();
        for package in packages {
            let id = package.manifest().plugin().id.clone();
            if wanted.contains_key(&id) {
                tracing::warn!(target: "yoi::plugin", plugin = &*id, "there are two packages with this id");
                continue;
            }
            wanted.insert(id, package);
        }
        join_all(self.take_out(|plugin| {
            let package = wanted.get(&plugin.package.manifest().plugin().id);
            package.is_none_or(|package| package.digest() != plugin.package.digest())
        }))
        .await;
        let nothing: Arc<str> = "{}".into();
        let applied = wanted.into_iter().map(|(id, package)| {
            let plugin = self.plugin(&id, package);
            let config = configs.get(&*id).unwrap_or(&nothing).clone();
            async move { plugin.settle(&config).await }
        });
        join_all(applied).await;
        self.0.shared.compiled.prune();
        drop(phase);
    }

    /// Takes over what is granted now, and nothing else: what is not granted any more is refused, and
    /// closed where it is open, when this returns, whatever plan is being taken over meanwhile. `apply`
    /// then starts and stops what follows from it.
    pub fn authorise(&self, grants: Option<Arc<Grants>>) {
        let mut now = self.0.grants.lock();
        *now = grants;
        for plugin in self.0.plugins.lock().values() {
            plugin.authorise(grant(now.as_ref(), plugin));
        }
    }

    /// How each plugin does, by its id.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        self.0.plugins.lock().values().map(|plugin| plugin.status()).collect()
    }

    /// The tools that can be called, with their plugins.
    #[must_use]
    pub fn tools(&self) -> Vec<(Arc<str>, Tool)> {
        let plugins: Vec<_> = self.0.plugins.lock().iter().map(|(id, plugin)| (id.clone(), plugin.clone())).collect();
        let each = |(id, plugin): (Arc<str>, Arc<Plugin>)| {
            plugin.tools().iter().map(|tool| (id.clone(), tool.clone())).collect::<Vec<_>>()
        };
        plugins.into_iter().flat_map(each).collect()
    }

    /// Calls a tool. Whoever drops the future stops the call.
    ///
    /// # Errors
    /// When there is no such tool, when it says so, or when the plugin did not answer.
    pub async fn call(&self, call: ToolCall) -> Result<String, ToolError> {
        let ToolCall { plugin, tool, arguments, caller } = call;
        check_arguments(&arguments)?;
        let plugin = self.0.plugins.lock().get(&*plugin).cloned().ok_or(ToolError::Unknown)?;
        let callable = plugin.callable(&tool).ok_or(ToolError::Unknown)?;
        let kill = callable.stop.child_token();
        let _stops = kill.clone().drop_guard();
        let answering = AssertUnwindSafe(callable.call(kill, caller, tool, arguments)).catch_unwind();
        let answer = self.0.shared.services.ending.track_future(answering).await;
        answer.unwrap_or(Err(ToolError::Call(crate::CallError::Host)))
    }

    /// What is alive.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        self.0.shared.services.gauges.clone()
    }

    /// Where memory for instances comes from.
    #[must_use]
    pub fn allocation(&self) -> Allocation {
        self.0.shared.compiled.engine().allocation
    }

    /// Ends every plugin: asked first, cut off at the deadline. Nothing of them is left when it
    /// returns.
    pub async fn shutdown(&self, deadline: Duration) -> Ended {
        *self.0.applying.lock().await = Phase::Ended;
        self.0.shared.services.ending.close();
        let all = self.take_out(|_| true);
        let ending = async {
            join_all(all).await;
            self.0.shared.services.ending.wait().await;
        };
        tokio::pin!(ending);
        if timeout(deadline, &mut ending).await.is_ok() {
            return Ended::Drained;
        }
        self.0.shared.abort.cancel();
        ending.await;
        Ended::CutOff
    }

    /// The plugin of this package, which may be there already; a new one with what is granted now.
    fn plugin(&self, id: &Arc<str>, package: crate::Package) -> Arc<Plugin> {
        let grants = self.0.grants.lock();
        let mut stores = self.0.stores.lock();
        let store =
            stores.entry(id.clone()).or_insert_with(|| Arc::new(Store::new(id.clone(), self.0.storage.clone())));
        let mut plugins = self.0.plugins.lock();
        let new = || {
            let plugin = Plugin::new(package, store.clone(), self.0.shared.clone());
            plugin.authorise(grant(grants.as_ref(), &plugin));
            Arc::new(plugin)
        };
        plugins.entry(id.clone()).or_insert_with(new).clone()
    }

    /// Takes plugins out, and what ends each.
    fn take_out(&self, which: impl Fn(&Plugin) -> bool) -> Vec<BoxFuture<'static, ()>> {
        let mut plugins = self.0.plugins.lock();
        let gone: Vec<_> = plugins.values().filter(|plugin| which(plugin)).cloned().collect();
        plugins.retain(|_, plugin| !which(plugin));
        gone.into_iter().map(|plugin| async move { plugin.stop().await }.boxed()).collect()
    }
}

/// What is granted to a plugin.
fn grant<'a>(grants: Option<&'a Arc<Grants>>, plugin: &Plugin) -> Option<&'a Arc<PluginGrant>> {
    grants?.plugin(&plugin.package.manifest().plugin().id)
}
