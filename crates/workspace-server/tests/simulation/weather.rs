//! What goes wrong, and when.
//!
//! Owns the choice and the undoing of it: links that are cut, held or slow, hosts that crash, end
//! and come back, disks that are set back, clocks that jump.

use crate::disk::{Disk, Kept};
use crate::hosts::Machine;
use crate::network::Line;
use crate::plan::Plan;
use crate::random::Random;
use crate::world::World;
use std::collections::BTreeMap;
use std::time::Duration;
use turmoil::Sim;

type Undo = Box<dyn FnOnce(&mut Weather, &mut Sim<'_>)>;

pub struct Weather {
    world: World,
    random: Random,
    machines: BTreeMap<String, Machine>,
    lines: BTreeMap<String, Line>,
    /// Each with the host it is in, and backups of it.
    disks: Vec<(String, Disk, Vec<Kept>)>,
    next: Duration,
    undo: Vec<(Duration, u64, Undo)>,
    count: u64,
}

impl Weather {
    pub fn new(world: &World) -> Weather {
        Weather {
            world: world.clone(),
            random: world.random("weather", ""),
            machines: BTreeMap::new(),
            lines: BTreeMap::new(),
            disks: Vec::new(),
            next: Duration::from_secs(1),
            undo: Vec::new(),
            count: 0,
        }
    }

    pub fn has_machine(&mut self, host: &str, machine: Machine) {
        self.has_line(host, machine.line.clone());
        self.machines.insert(host.to_owned(), machine);
    }

    pub fn has_line(&mut self, host: &str, line: Line) {
        self.lines.insert(host.to_owned(), line);
    }

    pub fn has_disk(&mut self, host: &str, disk: Disk) {
        self.disks.push((host.to_owned(), disk, Vec::new()));
    }

    /// Does what is due.
    pub fn blow(&mut self, sim: &mut Sim<'_>, now: Duration) {
        self.undo_until(sim, now);
        if now >= self.next {
            self.next = now + self.random.millis(2_500);
            self.something(sim, now);
        }
    }

    /// Ends all of it.
    pub fn clear(&mut self, sim: &mut Sim<'_>) {
        self.undo_until(sim, Duration::MAX);
        self.wake(sim);
        self.world.trace.raw("the weather is calm\n");
    }

    /// Starts every host that has ended.
    pub fn wake(&mut self, sim: &mut Sim<'_>) {
        for host in self.machines.keys() {
            if !sim.is_host_running(host.as_str()) {
                sim.bounce(host.as_str());
            }
        }
    }

    fn undo_until(&mut self, sim: &mut Sim<'_>, now: Duration) {
        loop {
            let due = self.undo.iter().enumerate().filter(|(_, (at, ..))| *at <= now);
            let Some(first) = due.min_by_key(|(_, (at, n, _))| (*at, *n)).map(|(index, _)| index) else { return };
            let (_, _, undo) = self.undo.remove(first);
            undo(self, sim);
        }
    }

    fn later(&mut self, at: Duration, undo: impl FnOnce(&mut Weather, &mut Sim<'_>) + 'static) {
        self.count += 1;
        self.undo.push((at, self.count, Box::new(undo)));
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        self.world.trace.raw(&format!("weather: {what}\n"));
    }

    /// Two hosts that talk to each other.
    fn link(&mut self) -> (String, String) {
        let plan = self.world.plan.clone();
        let backend = Plan::backend_host(self.random.below(plan.backends as u64) as usize);
        let others: Vec<String> = self.lines.keys().filter(|host| !host.starts_with("backend")).cloned().collect();
        (backend, self.random.pick(&others).clone())
    }

    fn host(&mut self) -> String {
        let hosts: Vec<String> = self.machines.keys().cloned().collect();
        self.random.pick(&hosts).clone()
    }

    fn something(&mut self, sim: &mut Sim<'_>, now: Duration) {
        let until = now + Duration::from_millis(100) + self.random.millis(8_000);
        match self.random.below(14) {
            0 | 1 => {
                let (a, b) = self.link();
                self.tell(format_args!("{a} and {b} do not hear each other"));
                sim.partition(a.as_str(), b.as_str());
                self.later(until, move |_, sim| sim.repair(a.as_str(), b.as_str()));
            }
            2 => {
                let (mut a, mut b) = self.link();
                if self.random.once_in(2) {
                    std::mem::swap(&mut a, &mut b);
                }
                self.tell(format_args!("{a} does not reach {b}"));
                sim.partition_oneway(a.as_str(), b.as_str());
                self.later(until, move |_, sim| sim.repair_oneway(a.as_str(), b.as_str()));
            }
            3 | 4 => {
                let (a, b) = self.link();
                self.tell(format_args!("what {a} and {b} say is held back"));
                sim.hold(a.as_str(), b.as_str());
                self.later(until, move |_, sim| sim.release(a.as_str(), b.as_str()));
            }
            5 => {
                let (a, b) = self.link();
                let slow = Duration::from_millis(self.random.between(200, 1_500));
                self.tell(format_args!("{a} and {b} are {slow:?} apart"));
                sim.set_link_max_message_latency(a.as_str(), b.as_str(), slow);
                let usual = self.world.plan.latency;
                self.later(until, move |_, sim| sim.set_link_max_message_latency(a.as_str(), b.as_str(), usual));
            }
            6 | 7 => {
                let hosts: Vec<String> = self.lines.keys().cloned().collect();
                let host = self.random.pick(&hosts).clone();
                self.tell(format_args!("connections from {host} are reset"));
                self.lines[&host].cut();
            }
            8 | 9 => {
                let host = self.host();
                if !sim.is_host_running(host.as_str()) {
                    return;
                }
                self.tell(format_args!("{host} crashes"));
                sim.crash(host.as_str());
                self.set_back(&host);
                let up = now + self.random.millis(5_000);
                self.later(up, move |weather, sim| {
                    if !sim.is_host_running(host.as_str()) {
                        weather.tell(format_args!("{host} comes back"));
                        sim.bounce(host.as_str());
                    }
                });
            }
            10 => {
                let host = self.host();
                self.tell(format_args!("{host} is told to shut down"));
                self.machines[&host].quit();
                self.later(until + Duration::from_secs(3), |weather, sim| weather.wake(sim));
            }
            11 => {
                let host = self.host();
                let far = *self.random.pick(&[50, 1_000, 60_000, 3_600_000]);
                let by = self.random.below(2 * far) as i64 - far as i64;
                self.tell(format_args!("the clock of {host} jumps by {by} ms"));
                self.machines[&host].jump(by);
            }
            _ => {
                for (_, disk, backups) in &mut self.disks {
                    backups.push(disk.backup());
                }
                self.tell(format_args!("backups are made"));
            }
        }
    }

    /// Sometimes a disk comes back as it was earlier.
    fn set_back(&mut self, host: &str) {
        let random = &mut self.random;
        let mut told = Vec::new();
        for (at, disk, backups) in &mut self.disks {
            if at == host && !backups.is_empty() && random.once_in(2) {
                disk.restore(random.pick(backups).clone());
                told.push(at.clone());
            }
        }
        for at in told {
            self.tell(format_args!("a disk of {at} is set back"));
        }
    }
}
