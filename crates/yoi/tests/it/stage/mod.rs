//! A workspace as processes: backends, and the runtimes that they reach.
//!
//! Owns their folders and ports, and that each comes back where it was, with what it kept. What goes
//! over their sockets is `viewer`'s.

pub mod earshot;
pub mod sse;
pub mod viewer;

use crate::dice::Dice;
use crate::leaks_backend::guard::{Guard, Hidden};
use crate::process::yoi;
use crate::serving::{Home, Serving};
use crate::wait::until;
use protocol::RuntimeId;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use yoi_client::{Client, ClientOptions, RuntimeClient};

/// The runtime within a backend.
pub const LOCAL: &str = "local";
/// The runtime in a process of its own.
pub const REMOTE: &str = "remote";

/// The command that serves a folder at an address.
type Start = Box<dyn Fn(&Home, SocketAddr) -> Command + Send + Sync>;

/// A process that serves, and can be started again where it was.
pub struct Place {
    // dropped first: it looks into the folder
    /// Listens to what a backend's clients are sent.
    pub guard: Option<Guard>,
    /// Its folder: `runtime.toml`, and the store.
    pub home: Home,
    /// Where its clients connect: with a backend, that is before its guard.
    pub address: SocketAddr,
    /// Where it listens whenever it runs.
    pub listens: SocketAddr,
    command: Start,
    flags: Vec<String>,
    /// While it runs.
    pub serving: Option<Serving>,
}

impl Place {
    /// A runtime in a process of its own.
    pub fn runtime(id: &str, profiles: &str) -> Place {
        let command = |home: &Home, address: SocketAddr| home.command(&address.to_string(), &[]);
        Place::new(Home::new(&runtime_toml(id, profiles)), Box::new(command))
    }

    /// A backend with a runtime in it.
    pub fn backend(profiles: &str, remotes: &[Reached<'_>], keys: &Path) -> Place {
        let home = Home::new(&runtime_toml(LOCAL, profiles));
        std::fs::write(home.path().join("workspace.toml"), workspace_toml(remotes)).unwrap();
        let hidden = Hidden {
            addresses: remotes.iter().map(|reached| reached.place.listens).collect(),
            stores: remotes.iter().map(|reached| reached.place.home.store()).chain([home.store()]).collect(),
            keys: Some(keys.to_owned()),
            ..Hidden::default()
        };
        let keys = keys.to_owned();
        let command = move |home: &Home, address: SocketAddr| {
            let mut command = yoi(&["serve", "--config", "workspace.toml", "--runtime-config", "runtime.toml"]);
            command.args(["--listen", &address.to_string(), "--audit", "off", "--rate-commands", "100000"]);
            command.args(["--rate-command-burst", "100000", "--rate-streams", "100000"]);
            command.arg("--store").arg(home.store()).current_dir(home.path());
            command.env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("YOI_WORKSPACE_CURSOR_KEYS", &keys);
            command
        };
        let mut place = Place::new(home, Box::new(command));
        let guard = Guard::before(place.listens, hidden);
        place.address = guard.address();
        place.guard = Some(guard);
        place
    }

    fn new(home: Home, command: Start) -> Place {
        let listens = free_address();
        Place { guard: None, home, address: listens, listens, command, flags: Vec::new(), serving: None }
    }

    /// Adds flags to its command line.
    pub fn add_flags(&mut self, flags: &[&str]) {
        self.flags.extend(flags.iter().map(|&flag| flag.to_owned()));
    }

    /// Starts it, and waits until it listens.
    pub fn start(&mut self) {
        assert!(self.serving.is_none(), "it runs already");
        self.serving = Some(Serving::start(&mut self.command()));
    }

    fn command(&self) -> Command {
        let mut command = (self.command)(&self.home, self.listens);
        command.args(&self.flags);
        command
    }

    /// Its process.
    pub fn serving(&self) -> &Serving {
        self.serving.as_ref().expect("it runs")
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        let mut serving = self.serving.take().expect("it runs");
        serving.kill();
        assert!(!serving.stderr.text().contains("panicked"), "a panic: {}", serving.stderr.text());
    }

    /// Ends it as an operator does.
    pub fn end(&mut self) -> ExitStatus {
        let mut serving = self.serving.take().expect("it runs");
        let status = serving.end();
        assert!(!serving.stderr.text().contains("panicked"), "a panic: {}", serving.stderr.text());
        status
    }

    /// Starts it and kills it before it is there.
    pub fn kill_at_start(&self, after: std::time::Duration) {
        use std::process::Stdio;
        let mut command = self.command();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Serves its runtime's store by itself, on another port.
    pub fn serve_store(&self) -> Serving {
        self.home.serve(&[])
    }

    /// A client of this backend.
    pub fn client(&self) -> Client {
        Client::new(ClientOptions::new(format!("http://{}", self.address))).unwrap()
    }

    /// A client of the workers of one of this backend's runtimes.
    pub fn on(&self, runtime: &str) -> RuntimeClient {
        self.client().on(&id(runtime))
    }
}

/// A remote runtime, as a backend is told of it.
pub struct Reached<'a> {
    /// By what name.
    pub id: &'a str,
    /// Where, and what.
    pub place: &'a Place,
    /// Further lines of its table.
    pub more: &'a str,
}

/// A runtime's id.
pub fn id(text: &str) -> RuntimeId {
    text.parse().unwrap()
}

fn runtime_toml(id: &str, profiles: &str) -> String {
    format!("runtime_id = \"{id}\"\n{profiles}")
}

fn workspace_toml(remotes: &[Reached<'_>]) -> String {
    let table = |reached: &Reached<'_>| {
        format!("[[runtimes]]\nid = \"{}\"\nurl = \"http://{}\"\n{}\n", reached.id, reached.place.listens, reached.more)
    };
    remotes.iter().map(table).collect()
}

/// A backend and a runtime in a process of its own, which it reaches.
pub struct Stage {
    /// Where backends keep the key that they share.
    pub keys: PathBuf,
    // dropped first: what its clients were sent is searched for what is in the runtime's folder
    /// The backend.
    pub backend: Place,
    /// The runtime.
    pub remote: Place,
}

impl Stage {
    /// Both, not started yet; `more` are the backend's flags, and `table` lines of the runtime's table.
    pub fn new(profiles: &str, more: &[&str], table: &str) -> Stage {
        let remote = Place::runtime(REMOTE, profiles);
        let keys = remote.home.path().join("cursor_keys");
        let reached = Reached { id: REMOTE, place: &remote, more: table };
        let mut backend = Place::backend(profiles, &[reached], &keys);
        backend.add_flags(more);
        Stage { keys, backend, remote }
    }
}

/// An address that nobody has, and that the system gives to nobody who asks for any: a connection to
/// it, while nobody listens, cannot be given the same port at its own end.
fn free_address() -> SocketAddr {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    let mut dice = Dice::of(u64::from_le_bytes(seed));
    until("a port is free", || {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, dice.within(10_000, 32_000) as u16));
        TcpListener::bind(address).is_ok().then_some(address)
    })
}
