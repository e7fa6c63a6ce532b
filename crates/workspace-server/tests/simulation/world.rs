//! One history: everybody on the simulated network, from the first step to the last.
//!
//! Owns what all parts share, and the order of things: weather, calm, quiet, and a look back.

use crate::disk::Disk;
use crate::gauges::Gauges;
use crate::hosts::{self, Machine};
use crate::look_back;
use crate::network::Line;
use crate::people;
use crate::plan::{Place, Plan};
use crate::random::Random;
use crate::trace::Trace;
use crate::truth::{Key, Truth};
use crate::weather::Weather;
use event_log::Sealer;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The secret of all backends.
pub const SECRET: [u8; 32] = [7; 32];
/// Nothing was written for so long: nothing will be.
const QUIET: Duration = Duration::from_secs(3);
/// How long everybody has from the end of the weather.
const LONGEST: Duration = Duration::from_secs(150);

/// What all parts of the world share. All clones are the same one.
#[derive(Clone)]
pub struct World {
    pub plan: Arc<Plan>,
    pub truth: Truth,
    pub trace: Trace,
    pub gauges: Gauges,
    /// Inputs that were accepted: where, which, and how often the worker's log had been set back.
    pub accepted: Arc<Mutex<Vec<(Key, String, u64)>>>,
    calm: Arc<AtomicBool>,
    settled: Arc<AtomicBool>,
    /// People who still look.
    pub looking: Arc<AtomicUsize>,
    /// Commanders who have a command under way.
    pub driving: Arc<AtomicUsize>,
}

impl World {
    /// A generator for a part of the world.
    pub fn random(&self, part: &str, name: &str) -> Random {
        hosts::seed_of(self.plan.seed, part, name)
    }

    /// Whether the weather is over.
    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// Whether everything has come to rest.
    pub fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }
}

/// What came of a seed.
pub struct Outcome {
    pub summary: String,
    pub trace: (u64, u64),
}

pub fn simulate(seed: u64, trace: Trace) -> Outcome {
    let plan = Arc::new(Plan::new(seed));
    trace.raw(&format!("{plan:#?}\n"));
    let keys: BTreeMap<_, _> =
        plan.runtimes.iter().zip(1u8..).map(|(runtime, n)| (runtime.id.clone(), [n; 32])).collect();
    let sealers = keys.iter().map(|(id, key)| (id.clone(), Sealer::new((*key).into(), Vec::new()))).collect();
    let world = World {
        truth: Truth::new(Sealer::new(SECRET.into(), Vec::new()), sealers),
        trace,
        gauges: Gauges::default(),
        accepted: Arc::default(),
        calm: Arc::default(),
        settled: Arc::default(),
        looking: Arc::default(),
        driving: Arc::default(),
        plan: Arc::clone(&plan),
    };
    world.gauges.install();
    let mut sim = turmoil::Builder::new()
        .simulation_duration(plan.calm + LONGEST)
        .tick_duration(plan.tick)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(plan.latency)
        .tcp_capacity(plan.tcp_capacity)
        .rng_seed(seed)
        .build();

    let disks: Vec<_> = plan
        .runtimes
        .iter()
        .map(|r| (r.clone(), Disk::new(r.id.clone(), keys[&r.id], plan.disk_lag_ms, plan.retain, world.truth.clone())))
        .collect();
    let mut weather = Weather::new(&world);
    for (runtime, disk) in &disks {
        let (host, machine) = (runtime.host(), Machine::default());
        let at = if runtime.place == Place::Embedded { Plan::backend_host(0) } else { host.clone() };
        weather.has_disk(&at, disk.clone());
        if runtime.place == Place::Remote {
            weather.has_machine(&host, machine.clone());
            let (world, runtime, disk) = (world.clone(), runtime.clone(), disk.clone());
            sim.host(host, move || hosts::runtime(world.clone(), runtime.clone(), machine.clone(), disk.clone()));
        }
    }
    for n in 0..plan.backends {
        let (host, machine) = (Plan::backend_host(n), Machine::default());
        weather.has_machine(&host, machine.clone());
        let (world, disks) = (world.clone(), disks.clone());
        sim.host(host, move || hosts::backend(world.clone(), n, machine.clone(), disks.clone()));
    }
    world.looking.store(plan.people.iter().sum(), Ordering::Relaxed);
    world.driving.store(plan.people.len(), Ordering::Relaxed);
    for n in 0..plan.people.len() {
        let line = Line::default();
        weather.has_line(&Plan::people_host(n), line.clone());
        sim.client(Plan::people_host(n), people::host(world.clone(), n, line));
    }
    sim.client("auditor", look_back::look_back(world.clone()));

    loop {
        let finished = sim.step().unwrap_or_else(|error| panic!("{error}"));
        let now = sim.elapsed();
        if now < plan.calm {
            weather.blow(&mut sim, now);
        } else if !world.calm.swap(true, Ordering::Relaxed) {
            weather.clear(&mut sim);
        } else if !world.is_settled() && now > plan.calm + QUIET {
            weather.wake(&mut sim);
            let quiet = now > world.truth.last_write() + QUIET && world.driving.load(Ordering::Relaxed) == 0;
            world.settled.store(quiet, Ordering::Relaxed);
        }
        let upstream = world.gauges.get("yoi_mirror_upstream_connections");
        let most: usize = plan.workers().iter().map(|(runtime, _)| plan.backends_of(runtime)).sum();
        assert!(upstream <= most as i64, "{upstream} upstream connections for {most} watched workers");
        if finished {
            break;
        }
    }
    let (events, cursors) = world.truth.counts();
    let took = sim.elapsed();
    let summary =
        format!("{events} events, {cursors} cursors, {} accepted inputs, {took:?}", world.accepted.lock().len());
    // dropped in the simulation, which is where their sockets belong
    drop(sim);
    Outcome { summary, trace: world.trace.sum() }
}
