//! What a seed is: how large everything is, and who there is.
//!
//! Owns the numbers, all of them small, so that every bound is met within a minute.

use crate::random::Random;
use event_log::Limits;
use protocol::{RuntimeId, WorkerId};
use std::time::Duration;

/// Where a runtime runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a host of its own.
    Remote,
    /// In the first backend.
    Embedded,
}

/// One runtime.
#[derive(Clone, Debug)]
pub struct RuntimePlan {
    pub id: RuntimeId,
    pub place: Place,
    pub workers: Vec<WorkerId>,
}

impl RuntimePlan {
    /// The host of a remote one. No client may ever see this name.
    pub fn host(&self) -> String {
        format!("upstream-{}", self.id)
    }
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub runtimes: Vec<RuntimePlan>,
    pub backends: usize,
    /// Hosts of clients, and how many people on each.
    pub people: Vec<usize>,
    /// What a runtime keeps in memory of each worker.
    pub runtime_limits: Limits,
    /// How many events of a worker can be read back from a disk.
    pub retain: u64,
    /// What a mirror keeps.
    pub mirror_limits: Limits,
    pub linger: Duration,
    pub merge_after: u64,
    pub latency: Duration,
    /// How far one step goes: what happens within it on two hosts is in the order of hosts.
    pub tick: Duration,
    pub tcp_capacity: usize,
    /// How long a batch takes to reach the disk, at most.
    pub disk_lag_ms: u64,
    /// When the weather ends.
    pub calm: Duration,
}

/// A stream says something at least so often.
pub const HEARTBEAT: Duration = Duration::from_secs(2);
/// A stream that says nothing for so long is dead.
pub const SILENCE: Duration = Duration::from_secs(5);
/// A socket that takes nothing for so long is closed.
pub const SLOW: Duration = Duration::from_secs(6);

impl Plan {
    pub fn new(seed: u64) -> Plan {
        let mut random = Random::new(seed);
        let worker = |runtime: u64, n: u64| WorkerId::from_parts(1_790_000_000_000 + n, u128::from(runtime));
        let mut runtimes = Vec::new();
        for (n, (name, place)) in
            [("alpha", Place::Remote), ("beta", Place::Remote), ("gamma", Place::Embedded)].into_iter().enumerate()
        {
            if n == 0 || random.once_in(2) {
                let workers = (0..random.between(1, 2)).map(|w| worker(n as u64, w)).collect();
                runtimes.push(RuntimePlan { id: name.parse().unwrap(), place, workers });
            }
        }
        let bytes = |random: &mut Random| if random.once_in(3) { 20_000 } else { 1 << 20 };
        Plan {
            seed,
            runtimes,
            backends: random.between(1, 2) as usize,
            people: (0..random.between(1, 2)).map(|_| random.between(2, 4) as usize).collect(),
            runtime_limits: Limits { max_events: random.between(20, 400) as usize, max_bytes: bytes(&mut random) },
            retain: random.between(30, 1_500),
            mirror_limits: Limits { max_events: random.between(20, 600) as usize, max_bytes: bytes(&mut random) },
            linger: Duration::from_millis(random.between(100, 6_000)),
            merge_after: random.between(5, 60),
            latency: Duration::from_millis(random.between(2, 150)),
            tick: Duration::from_millis(*random.pick(&[10, 40, 40, 40])),
            tcp_capacity: random.between(64, 128) as usize,
            disk_lag_ms: random.pick(&[0, 0, 5, 80]).to_owned(),
            calm: Duration::from_secs(random.between(10, 25)),
        }
    }

    pub fn backend_host(n: usize) -> String {
        format!("backend-{n}")
    }

    pub fn people_host(n: usize) -> String {
        format!("people-{n}")
    }

    /// All workers with their runtimes.
    pub fn workers(&self) -> Vec<(RuntimeId, WorkerId)> {
        self.runtimes.iter().flat_map(|r| r.workers.iter().map(|w| (r.id.clone(), *w))).collect()
    }

    /// The backends that have a runtime: all of them a remote one, the first an embedded one.
    pub fn backends_of(&self, runtime: &RuntimeId) -> usize {
        let embedded = self.runtimes.iter().any(|r| r.id == *runtime && r.place == Place::Embedded);
        if embedded { 1 } else { self.backends }
    }
}
