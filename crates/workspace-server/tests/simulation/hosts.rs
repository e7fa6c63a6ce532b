//! What runs on the hosts: runtimes and backends, as in production but for their network, their
//! disks and their clocks.
//!
//! Owns how they are put together, and how they are told to shut down.

use crate::disk::Disk;
use crate::network::{Line, PORT, accept};
use crate::plan::{HEARTBEAT, Place, Plan, RuntimePlan, SILENCE, SLOW};
use crate::random::Random;
use crate::talker::Talker;
use crate::world::{SECRET, World};
use event_log::Sealer;
use parking_lot::Mutex;
use protocol::api::{CreateWorker, SendInput};
use protocol::{Part, Timestamp};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use worker_runtime::server::{ServerOptions, Token};
use worker_runtime::{Clock, Runtime, RuntimeOptions};
use yoi_access::{Directory, Limits, Principals, Rates, Roles, RolesRules, SessionKey, Sessions};
use yoi_client::{Secret, Timeouts};
use yoi_workspace_server::handle::{Remote, RemoteSpec};
use yoi_workspace_server::mirror::MirrorOptions;
use yoi_workspace_server::registry::{Registry, RegistryOptions, RuntimeSpec};
use yoi_workspace_server::summary::SummaryOptions;
use yoi_workspace_server::{Backend, Cookies, Parts};

const TOKEN: &str = "a-token-that-no-client-may-see";
/// How long a graceful end may take.
const DRAIN: Duration = Duration::from_secs(3);

/// What a host has besides its software: it stays when that crashes.
#[derive(Clone, Default)]
pub struct Machine {
    /// How far its clock is off.
    offset_ms: Arc<AtomicI64>,
    quit: Arc<Mutex<CancellationToken>>,
    /// Its connections to others.
    pub line: Line,
}

impl Machine {
    /// Sets its clock forward or back.
    pub fn jump(&self, by_ms: i64) {
        self.offset_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// Tells its software to shut down.
    pub fn quit(&self) {
        self.quit.lock().cancel();
    }

    fn boot(&self) -> CancellationToken {
        let fresh = CancellationToken::new();
        *self.quit.lock() = fresh.clone();
        fresh
    }
}

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        let since = turmoil::sim_elapsed().unwrap_or_default().as_millis() as i64;
        Timestamp::from_millis(1_800_000_000_000 + since + self.offset_ms.load(Ordering::Relaxed))
    }
}

pub fn streams(plan: &Plan) -> observation::Options {
    observation::Options {
        heartbeat: HEARTBEAT,
        slow_after: SLOW,
        slow_linger: SLOW,
        merge_after_events: plan.merge_after,
        writers: 1,
        ..observation::Options::default()
    }
}

pub fn timeouts() -> Timeouts {
    Timeouts { connect: Duration::from_secs(2), request: Duration::from_secs(4), silence: SILENCE }
}

async fn start(world: &World, plan: &RuntimePlan, machine: &Machine, disk: &Disk) -> Runtime {
    let options = RuntimeOptions {
        clock: Arc::new(machine.clone()),
        limits: world.plan.runtime_limits,
        ..RuntimeOptions::new(plan.id.clone(), vec![Arc::new(Talker)], Arc::new(disk.clone()))
    };
    let runtime = Runtime::start(options).await.unwrap();
    for worker in &plan.workers {
        // it may be there from before
        let request = CreateWorker { worker_id: Some(*worker), ..CreateWorker::default() };
        runtime.catalogue().create(request).await.unwrap();
    }
    world.trace.line(plan.id.as_str(), format_args!("runs"));
    tokio::spawn(feed(world.clone(), plan.clone(), runtime.clone()));
    runtime
}

/// Keeps the workers of a runtime busy until the weather is calm.
async fn feed(world: World, plan: RuntimePlan, runtime: Runtime) {
    let mut random = world.random("feeds", plan.id.as_str());
    while !world.is_calm() {
        tokio::time::sleep(random.millis(900)).await;
        let worker = *random.pick(&plan.workers);
        let text = format!("feed {} {}", random.next(), "words ".repeat(random.below(30) as usize));
        let input = SendInput { content: vec![Part::text(text)], idempotency_key: None };
        // busy, stopped or not there: somebody else's turn
        let _ = runtime.interaction().input(worker, input).await;
    }
}

/// A runtime on a host of its own.
pub async fn runtime(world: World, plan: RuntimePlan, machine: Machine, disk: Disk) -> turmoil::Result {
    let quit = machine.boot();
    let runtime = start(&world, &plan, &machine, &disk).await;
    let mut options = ServerOptions::new(([0, 0, 0, 0], PORT).into());
    options.token = Some(Token::new(TOKEN).unwrap());
    options.observation = streams(&world.plan);
    let service = worker_runtime::server::Service::new(options, runtime)?;
    let serving = accept(|tcp| {
        let service = service.clone();
        async move { service.serve_connection(tcp).await }
    });
    tokio::select! {
        biased;
        ended = serving => ended?,
        () = quit.cancelled() => {
            service.shutdown(DRAIN).await;
        }
    }
    world.trace.line(plan.id.as_str(), format_args!("has shut down"));
    Ok(())
}

/// A backend; the first one has the embedded runtime.
pub async fn backend(world: World, n: usize, machine: Machine, disks: Vec<(RuntimePlan, Disk)>) -> turmoil::Result {
    let quit = machine.boot();
    let (mut specs, mut embedded) = (Vec::new(), Vec::new());
    for (plan, disk) in &disks {
        match plan.place {
            Place::Remote => {
                let mut spec = RemoteSpec::new(plan.id.clone(), format!("http://{}:{PORT}", plan.host()));
                spec.token = Some(Secret::new(TOKEN).unwrap());
                spec.timeouts = timeouts();
                let remote = Remote::with_connector(&spec, Arc::new(machine.line.clone()))?;
                specs.push(RuntimeSpec::Handle(Arc::new(remote)));
            }
            Place::Embedded if n == 0 => {
                let runtime = start(&world, plan, &machine, disk).await;
                specs.push(RuntimeSpec::Embedded(runtime.clone()));
                embedded.push(runtime);
            }
            Place::Embedded => {}
        }
    }
    let backend = Backend::start(parts(&world, &machine, specs)?);
    world.trace.line(&Plan::backend_host(n), format_args!("runs"));
    let serving = accept(|tcp| {
        let service = backend.service().clone();
        async move { service.serve_connection(tcp, yoi_edge::Peer::default()).await }
    });
    tokio::select! {
        biased;
        ended = serving => ended?,
        () = quit.cancelled() => {
            backend.shutdown(DRAIN).await;
            for runtime in embedded {
                let _ = runtime.management().shutdown(DRAIN).await;
            }
        }
    }
    world.trace.line(&Plan::backend_host(n), format_args!("has shut down"));
    Ok(())
}

fn parts(world: &World, machine: &Machine, specs: Vec<RuntimeSpec>) -> Result<Parts, Box<dyn std::error::Error>> {
    let clock = Arc::new(machine.clone());
    let mut registry = RegistryOptions::default();
    registry.clock = clock.clone();
    (registry.interval, registry.longest) = (Duration::from_secs(2), Duration::from_secs(4));
    registry.probe_timeout = Duration::from_secs(2);
    let principals = Principals::default();
    Ok(Parts {
        registry: Arc::new(Registry::start(specs, registry)?),
        sealer: Arc::new(Sealer::new(SECRET.into(), Vec::new())),
        sessions: Sessions::new(SessionKey::derive(&SECRET), Vec::new(), Duration::from_secs(3_600)),
        policy: Arc::new(Roles::new(RolesRules::default(), &principals)),
        directory: Arc::new(Directory::new(principals)),
        limits: Limits::new(rates()),
        audit: None,
        mirror: MirrorOptions {
            limits: world.plan.mirror_limits,
            linger: world.plan.linger,
            backoff: (Duration::from_millis(100), Duration::from_secs(2)),
        },
        summary: SummaryOptions::new(clock.clone()),
        observation: streams(&world.plan),
        edge: yoi_edge::Options::new(([0, 0, 0, 0], PORT).into()),
        origins: Vec::new(),
        cookies: Cookies::Any,
        clock,
        metrics: None,
        plugins: None,
        tickets: None,
    })
}

/// Enough for everybody: with no principals they do not count.
fn rates() -> Rates {
    let many = NonZeroU32::MAX;
    Rates {
        commands_per_second: many,
        command_burst: many,
        streams_per_second: many,
        stream_burst: many,
        max_streams: many,
    }
}

/// What a random generator of a part of the world begins with.
pub fn seed_of(seed: u64, part: &str, name: &str) -> Random {
    let text = format!("{seed} {part} {name}");
    Random::new(text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
}
