//! The backend: everything that requests share.
//!
//! Owns the parts and how they are put together and taken down. Must not know HTTP, nor where its
//! settings come from.

use crate::api;
use crate::mirror::{MirrorOptions, Mirrors, Upstream};
use crate::registry::{Entry, Registry};
use crate::summary::{Summary, SummaryOptions};
use crate::tickets::{self, Tickets, TicketsOptions};
use event_log::Sealer;
use futures_util::future::BoxFuture;
use observation::Hub;
use parking_lot::RwLock;
use protocol::{Code, Diagnostic, PluginList};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use worker_runtime::Clock;
use yoi_access::audit::Audit;
use yoi_access::{Directory, FailedSignIns, Limits, ObservationPolicy, Sessions};

/// What plugins there are, as they are when it is asked.
pub type ShowPlugins = Arc<dyn Fn() -> BoxFuture<'static, PluginList> + Send + Sync>;

/// Renders the process's metrics.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What a backend is made of.
pub struct Parts {
    /// The runtimes.
    pub registry: Arc<Registry>,
    /// What seals cursors.
    pub sealer: Arc<Sealer>,
    /// Who there is.
    pub directory: Arc<Directory>,
    /// What makes sign-ins.
    pub sessions: Sessions,
    /// Who may see what, and do what.
    pub policy: Arc<dyn ObservationPolicy>,
    /// How often somebody may ask.
    pub limits: Limits,
    /// Where commands are told.
    pub audit: Option<Audit>,
    /// How mirrors are kept.
    pub mirror: MirrorOptions,
    /// How the workspace's own stream is kept.
    pub summary: SummaryOptions,
    /// How streams are served.
    pub observation: observation::Options,
    /// How connections are served.
    pub edge: yoi_edge::Options,
    /// Web pages of other origins that may ask, in lower case.
    pub origins: Vec<String>,
    /// Whether clients come over TLS, so that cookies are for TLS alone.
    pub cookies: Cookies,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What `/metrics` answers.
    pub metrics: Option<RenderMetrics>,
    /// The plugins of the runtime in this process.
    pub plugins: Option<ShowPlugins>,
    /// The tickets of the workspace, where it keeps any.
    pub tickets: Option<TicketsOptions>,
}

/// Over what cookies may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookies {
    /// Anything: there is no TLS.
    Any,
    /// TLS alone.
    Secure,
}

/// The backend. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub struct Backend {
    pub(crate) shared: Arc<Shared>,
    service: yoi_edge::Service,
}

/// What all requests share.
pub(crate) struct Shared {
    pub registry: Arc<Registry>,
    pub mirrors: Mirrors,
    pub summary: Arc<Summary>,
    pub directory: Arc<Directory>,
    pub sessions: RwLock<Sessions>,
    pub policy: RwLock<Arc<dyn ObservationPolicy>>,
    pub limits: Limits,
    /// Sign-ins that failed.
    pub failures: FailedSignIns,
    pub audit: Option<Audit>,
    pub hub: Hub,
    pub observation: observation::Options,
    pub origins: RwLock<Vec<String>>,
    pub cookies: Cookies,
    pub clock: Arc<dyn Clock>,
    pub metrics: Option<RenderMetrics>,
    pub plugins: Option<ShowPlugins>,
    pub tickets: Option<Arc<Tickets>>,
    pub closing: CancellationToken,
    pub presence: api::Presence,
}

impl Shared {
    pub fn policy(&self) -> Arc<dyn ObservationPolicy> {
        Arc::clone(&self.policy.read())
    }

    /// Where a mirror of one of a runtime's workers reads.
    pub fn upstream(&self, entry: &Entry) -> Upstream {
        let registry = Arc::downgrade(&self.registry);
        let id = entry.runtime_id().clone();
        let (there, name) = (registry.clone(), id.clone());
        Upstream {
            handle: Arc::clone(entry.handle()),
            removed: entry.removed().clone(),
            replaced: Arc::new(move || there.upgrade().is_some_and(|registry| registry.entry(&name).is_some())),
            failed: Arc::new(move |error| {
                if let Some(registry) = registry.upgrade() {
                    registry.note_failure(&id, error);
                }
            }),
        }
    }
}

impl Backend {
    /// Puts the parts together. Its tasks run on the current tokio runtime.
    #[must_use]
    pub fn start(parts: Parts) -> Backend {
        let closing = CancellationToken::new();
        let summary = Arc::new(Summary::start(&parts.registry, Arc::clone(&parts.sealer), parts.summary));
        let seen = {
            let summary = Arc::downgrade(&summary);
            Arc::new(move |runtime: &_, state: &_, at| {
                if let Some(summary) = summary.upgrade() {
                    summary.saw_state(runtime, state, at);
                }
            })
        };
        let shared = Arc::new(Shared {
            registry: parts.registry,
            mirrors: Mirrors::new(parts.mirror, parts.sealer, seen),
            summary,
            directory: parts.directory,
            sessions: RwLock::new(parts.sessions),
            policy: RwLock::new(parts.policy),
            limits: parts.limits,
            failures: FailedSignIns::default(),
            audit: parts.audit,
            hub: Hub::start(&parts.observation),
            observation: parts.observation,
            origins: RwLock::new(parts.origins),
            cookies: parts.cookies,
            clock: parts.clock,
            metrics: parts.metrics,
            plugins: parts.plugins,
            tickets: parts.tickets.map(Tickets::new),
            closing: closing.clone(),
            presence: api::Presence::default(),
        });
        tokio::spawn(api::end_revoked(Arc::downgrade(&shared)));
        if let Some(tickets) = shared.tickets.clone() {
            let (watching, closing) = (tickets::watch(tickets, Arc::downgrade(&shared.summary)), closing.clone());
            tokio::spawn(async move { closing.run_until_cancelled(watching).await });
        }
        let router = api::router(&shared);
        let service = yoi_edge::Service::new(parts.edge, router, closing);
        Backend { shared, service }
    }

    /// What serves its connections.
    #[must_use]
    pub fn service(&self) -> &yoi_edge::Service {
        &self.service
    }

    /// The runtimes.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.shared.registry
    }

    /// Who there is; streams of those who are no longer there end.
    #[must_use]
    pub fn directory(&self) -> &Arc<Directory> {
        &self.shared.directory
    }

    /// Puts another policy in force. Streams that are open go on as they are: end them by changing
    /// the principals.
    pub fn set_policy(&self, policy: Arc<dyn ObservationPolicy>) {
        *self.shared.policy.write() = policy;
    }

    /// Lets web pages of these origins ask.
    pub fn set_origins(&self, origins: Vec<String>) {
        *self.shared.origins.write() = origins;
    }

    /// How long sign-ins last that are made from now on.
    pub fn set_sessions(&self, sessions: Sessions) {
        *self.shared.sessions.write() = sessions;
    }

    /// Ends every stream with `going_away`: whoever may still watch comes back with the last
    /// cursor, under the rules that are in force.
    pub fn end_streams(&self) {
        self.shared.presence.end_all(&self.shared.hub);
    }

    /// How often somebody may ask.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// The audit log, where there is one.
    #[must_use]
    pub fn audit(&self) -> Option<&Audit> {
        self.shared.audit.as_ref()
    }

    /// Tells every viewer that the server goes away, ends everything, and waits for that at most
    /// for `deadline`. Returns how many sockets did not take their end in time.
    pub async fn shutdown(&self, deadline: Duration) -> usize {
        let end = Instant::now() + deadline;
        self.shared.closing.cancel();
        let words = "this server is shutting down; connect again with the last cursor";
        let why = Diagnostic::new(Code::GoingAway, words).retry_after(1_000);
        let dropped = self.shared.hub.shutdown(deadline.mul_f32(0.75)).await;
        self.shared.mirrors.close(&why);
        self.shared.summary.close(why);
        let left = end.saturating_duration_since(Instant::now());
        let _ = tokio::time::timeout(left, self.shared.registry.close()).await;
        dropped
    }
}
