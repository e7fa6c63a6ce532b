//! A backend inside a program of its own, with a policy of its own.

use event_log::Sealer;
use protocol::api::{TranscriptPage, WorkerDetail};
use protocol::{RuntimeId, RuntimeRow};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use worker_runtime::executor::Echo;
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{Runtime, RuntimeOptions, SystemClock};
use yoi_access::audit::{Audit, AuditTarget};
use yoi_access::{
    ClassId, Command, Denied, Directory, Labels, Limits, NewToken, ObservationPolicy, Observe, Principal, Principals,
    Rates, Roles, RolesRules, Selector, SessionKey, Sessions, Subject,
};
use yoi_edge::Server;
use yoi_workspace_server::mirror::MirrorOptions;
use yoi_workspace_server::registry::{Registry, RegistryOptions, RemoteSpec, RuntimeSpec};
use yoi_workspace_server::summary::SummaryOptions;
use yoi_workspace_server::{Backend, Cookies, Parts};

/// The built-in roles, and one rule more: what is labelled `stage=production` is for admins to
/// drive. Everybody else may watch it.
struct Careful(Roles);

impl Careful {
    fn drives(who: &Principal, labels: &Labels) -> Result<(), Denied> {
        let is_production = labels.get("stage").is_some_and(|stage| stage == "production");
        if is_production && *who.role() != protocol::Role::Admin { Err(Denied::Forbidden) } else { Ok(()) }
    }
}

impl ObservationPolicy for Careful {
    fn observe(&self, who: &Principal, subject: &Subject<'_>) -> Observe {
        self.0.observe(who, subject)
    }

    fn workspace(&self, who: &Principal) -> ClassId {
        self.0.workspace(who)
    }

    fn lens(&self, class: &ClassId) -> Option<Arc<dyn observation::Lens>> {
        self.0.lens(class)
    }

    fn hides_workers(&self, who: &Principal) -> bool {
        self.0.hides_workers(who)
    }

    fn runtime(&self, who: &Principal, row: RuntimeRow) -> RuntimeRow {
        self.0.runtime(who, row)
    }

    fn create(&self, who: &Principal, runtime: &RuntimeId, labels: &Labels) -> Result<(), Denied> {
        self.0.create(who, runtime, labels).and_then(|()| Careful::drives(who, labels))
    }

    fn command(&self, who: &Principal, subject: &Subject<'_>, command: Command) -> Result<(), Denied> {
        self.0.command(who, subject, command).and_then(|()| Careful::drives(who, subject.labels))
    }

    fn detail(&self, who: &Principal, subject: &Subject<'_>, detail: WorkerDetail) -> WorkerDetail {
        // the roles' detail, with what may be done by this policy
        WorkerDetail { affordances: Some(self.affordances(who, subject)), ..self.0.detail(who, subject, detail) }
    }

    fn transcript(&self, class: &ClassId, page: TranscriptPage) -> TranscriptPage {
        self.0.transcript(class, page)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Runtimes: one in this process, one elsewhere.
    let store = Arc::new(MemoryStore::new(MemoryOptions::default())?);
    let runtime = Runtime::start(RuntimeOptions::new("here".parse()?, vec![Arc::new(Echo::new())], store)).await?;
    let elsewhere = RemoteSpec::new("box".parse()?, "http://127.0.0.1:7071");
    let specs = vec![RuntimeSpec::Embedded(runtime.clone()), RuntimeSpec::Remote(Box::new(elsewhere))];
    let registry = Arc::new(Registry::start(specs, RegistryOptions::default())?);

    // People: one, with a token that is made anew each time.
    let token = NewToken::generate()?;
    let ann = Principal::new("ann".parse()?, protocol::Role::Operator, Selector::default(), *token.hash());
    let principals = Principals::new([ann])?;
    let policy = Arc::new(Careful(Roles::new(RolesRules::default(), &principals)));

    // Keep the secret: with another one, every cursor and sign-in is unknown.
    let secret = [7; 32];
    let clock = Arc::new(SystemClock);
    let (audit, audit_end) = Audit::start(AuditTarget::Stderr)?;
    let backend = Backend::start(Parts {
        registry,
        sealer: Arc::new(Sealer::new(secret.into(), Vec::new())),
        directory: Arc::new(Directory::new(principals)),
        sessions: Sessions::new(SessionKey::derive(&secret), Vec::new(), Sessions::LIFETIME),
        policy,
        limits: Limits::new(Rates {
            commands_per_second: 20.try_into()?,
            command_burst: 100.try_into()?,
            streams_per_second: 100.try_into()?,
            stream_burst: 2_000.try_into()?,
            max_streams: 10_000.try_into()?,
        }),
        audit: Some(audit),
        mirror: MirrorOptions::default(),
        summary: SummaryOptions::new(clock.clone()),
        observation: observation::Options::default(),
        edge: yoi_edge::Options::new(([127, 0, 0, 1], 0).into()),
        origins: Vec::new(),
        cookies: Cookies::Any,
        clock,
        metrics: None,
        plugins: None,
        tickets: None,
    });

    // `backend.service().serve_connection(…)` serves connections of another kind.
    let server = Server::bind(backend.service().clone()).await?;
    println!("listening on http://{}; ann's token is {}", server.local_addr(), token.text());
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        stop.cancel();
    });
    let ending = backend.clone();
    server
        .run(cancel, |deadline| async move {
            let _ = runtime.management().shutdown(deadline / 2).await;
            ending.shutdown(deadline / 2).await
        })
        .await;
    drop(backend);
    audit_end.wait(Duration::from_secs(2)).await;
    Ok(())
}
