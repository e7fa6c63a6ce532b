//! The servers that are tested, and how each is asked.
//!
//! Owns their processes for as long as a test needs them, and what differs between them. Must not
//! know any case.

use super::peer::Peer;
use super::{earshot, http};
use crate::leaks_backend::guard::{Guard, Hidden};
use crate::process::yoi;
use crate::profiles;
use crate::serving::{Home, Serving};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use yoi_access::NewToken;

/// A stream on a server.
#[derive(Clone)]
pub struct Target {
    /// For whoever reads a failure.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// The path of the stream's WebSocket, without a query.
    pub path: String,
    /// What every request carries besides: a credential, where one is asked for.
    pub headers: Vec<(&'static str, String)>,
    /// The token in them, for clients that show it in another way.
    pub token: Option<String>,
    /// The subprotocol that it speaks with those who offer it.
    pub protocol: Option<&'static str>,
    /// Whether it compresses for those who offer to read that.
    pub deflates: bool,
    /// Whether it asks another about a worker, so that what it says of one may come later.
    pub asks_elsewhere: bool,
    /// Where workers are made and driven; absent where the stream is not one worker's.
    pub workers: Option<String>,
}

impl Target {
    /// What every request carries besides, by name.
    pub fn fields(&self) -> BTreeMap<String, String> {
        self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }
}

/// How often a server asks whether its peers are there.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Never within a test.
    Calm,
    /// All the time: every 300 ms; and what takes nothing for a second is slow.
    Restless,
}

impl Pace {
    /// How the servers are started.
    fn flags(self) -> &'static [&'static str] {
        match self {
            Pace::Calm => &["--heartbeat", "10m"],
            Pace::Restless => &["--heartbeat", "300ms", "--slow-after", "1s"],
        }
    }
}

/// Runs a case on every target.
pub fn each(pace: Pace, case: impl Fn(&Target)) {
    let servers = Servers::shared(pace);
    for target in &servers.targets {
        println!("on {}", target.name);
        case(target);
    }
}

/// The same for clients of their own, each through the port from which they are listened to.
pub fn each_guarded(pace: Pace, case: impl Fn(&Target)) {
    let servers = Servers::shared(pace);
    for target in &servers.targets {
        println!("on {}", target.name);
        let guard = servers.guards.iter().find(|(server, _)| *server == target.address);
        let address = guard.map_or(target.address, |(_, guard)| guard.address());
        case(&Target { address, ..target.clone() });
    }
}

/// Servers that run, shared by the tests that run at the same time.
#[derive(Default)]
struct Servers {
    targets: Vec<Target>,
    /// What listens to clients of backends, and to which backend's.
    guards: Vec<(SocketAddr, Guard)>,
    // processes before their folders
    running: Vec<(Serving, Home)>,
}

impl Servers {
    fn shared(pace: Pace) -> Arc<Servers> {
        static CALM: Mutex<Weak<Servers>> = Mutex::new(Weak::new());
        static RESTLESS: Mutex<Weak<Servers>> = Mutex::new(Weak::new());
        let place = match pace {
            Pace::Calm => &CALM,
            Pace::Restless => &RESTLESS,
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.upgrade().unwrap_or_else(|| {
            let servers = Arc::new(Servers::start(pace));
            *place = Arc::downgrade(&servers);
            servers
        })
    }

    /// Every server there is. A further one is a further line here, and a method that starts it
    /// and says which streams of it are targets.
    fn start(pace: Pace) -> Servers {
        let mut servers = Servers::default();
        servers.runtime(pace);
        servers.backend(pace);
        servers
    }

    /// `yoi runtime serve`: the stream of a worker.
    fn runtime(&mut self, pace: Pace) {
        let home = Home::new(&format!("{}{}", verse(), wide()));
        let serving = home.serve(pace.flags());
        let mut target = Target {
            name: "the runtime",
            address: serving.address,
            path: String::new(),
            headers: Vec::new(),
            token: None,
            protocol: None,
            deflates: false,
            asks_elsewhere: false,
            workers: Some("/v1/workers".into()),
        };
        target.path = Worker::new(&target, "verse").path();
        self.targets.push(target);
        self.running.push((serving, home));
    }

    /// `yoi serve`, with a runtime in it and for those alone who show a token: the stream of a
    /// worker, and the workspace's.
    fn backend(&mut self, pace: Pace) {
        let home = Home::new(&format!("{}{}", verse(), wide()));
        let token = NewToken::generate().unwrap();
        let config = home.path().join("workspace.toml");
        std::fs::write(&config, format!("{UNHURRIED}token_hash = \"{}\"\n", token.hash())).unwrap();
        let mut command = yoi(&["serve", "--listen", "127.0.0.1:0", "--audit", "off"]);
        command.arg("--config").arg(&config).arg("--runtime-config").arg(home.config());
        command.arg("--store").arg(home.store()).args(pace.flags());
        command.current_dir(home.path()).env("PATH", "/usr/bin:/bin").env("HOME", home.path());
        let serving = Serving::start(&mut command);
        let mut worker = Target {
            name: "a worker's stream on the backend",
            address: serving.address,
            path: String::new(),
            headers: vec![("Authorization", format!("Bearer {}", token.text()))],
            token: Some(token.text().to_owned()),
            protocol: Some("yoi.v1"),
            deflates: true,
            asks_elsewhere: true,
            workers: Some("/api/runtimes/local/workers".into()),
        };
        worker.path = Worker::new(&worker, "verse").path();
        let workspace = Target {
            name: "the backend's workspace",
            path: "/api/events/ws".into(),
            headers: worker.headers.clone(),
            token: worker.token.clone(),
            workers: None,
            ..worker
        };
        self.targets.extend([worker, workspace]);
        let hidden = Hidden { stores: vec![home.store()], ..Hidden::default() };
        self.guards.push((serving.address, Guard::before(serving.address, hidden)));
        earshot::listen(serving.address.port());
        self.running.push((serving, home));
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for (server, guard) in &self.guards {
            for bytes in earshot::take(server.port()) {
                if !std::thread::panicking() {
                    guard.assert_clean(&bytes);
                }
            }
        }
    }
}

/// A backend's settings, but for the hash: one who may do everything, as often as tests do.
const UNHURRIED: &str = r#"
[rate]
commands_per_second = 100000
command_burst = 100000
streams_per_second = 100000
stream_burst = 100000

[[principals]]
name = "tester"
role = "admin"
"#;

/// The profile `verse`: the input says how many deltas, after how many to pause, and for how long.
/// Each is a number, characters of two, three and four bytes, and a space.
fn verse() -> String {
    profiles::script("verse", SCRIPT, &[("WORDS", "äß€→🦀")])
}

/// The profile `wide`: the same, with 2,000 bytes in each.
fn wide() -> String {
    profiles::script("wide", SCRIPT, &[("WORDS", &"x".repeat(2_000))])
}

const SCRIPT: &str = r#"
IFS= read -r line
text=${line##*'"text":"'}; text=${text%%'"'*}
set -- $text
n=0
echo '{"type":"block_started","block_id":"b","kind":"text"}'
while [ "$n" -lt "$1" ]; do
    printf '{"type":"block_delta","block_id":"b","text":"%d%s "}\n' "$n" "$WORDS"
    n=$((n + 1))
    [ $((n % $2)) -eq 0 ] && sleep "$3"
done
echo '{"type":"block_finished","block_id":"b"}'
echo '{"type":"run_finished","outcome":"completed"}'
"#;

/// A worker on a target.
pub struct Worker<'a> {
    target: &'a Target,
    base: String,
    id: String,
}

impl<'a> Worker<'a> {
    /// Makes one; none where the target's stream is not a worker's.
    pub fn on(target: &'a Target, profile: &str) -> Option<Worker<'a>> {
        target.workers.is_some().then(|| Worker::new(target, profile))
    }

    fn new(target: &'a Target, profile: &str) -> Worker<'a> {
        let base = target.workers.clone().unwrap();
        let (status, worker) = http::call(target, "POST", &base, Some(&json!({ "profile": profile })));
        assert_eq!(status, 201, "{worker}");
        let id = worker["worker_id"].as_str().unwrap_or_else(|| worker["worker"]["worker_id"].as_str().unwrap());
        Worker { target, base, id: id.to_owned() }
    }

    /// The path of its stream's WebSocket.
    pub fn path(&self) -> String {
        self.path_of(&self.id)
    }

    /// The same, of another beside it.
    pub fn path_of(&self, id: &str) -> String {
        format!("{}/{id}/events/ws", self.base)
    }

    /// Says something to it.
    pub fn say(&self, text: &str) {
        let input = json!({ "content": [{ "type": "text", "text": text }] });
        let (status, answer) = self.post("/input", Some(&input));
        assert_eq!(status, 202, "{answer}");
    }

    /// Says something to it, and waits until it has answered: somebody else has read it all.
    pub fn say_all(&self, text: &str) {
        let mut other = Peer::open_at(self.target, &self.path());
        other.up_to_ready();
        self.say(text);
        other.up_to("run_finished");
    }

    /// Ends it and takes it away.
    pub fn delete(&self) {
        let (status, answer) = self.post("/stop", None);
        assert_eq!(status, 200, "{answer}");
        crate::wait::until("the worker can be deleted", || {
            let path = format!("{}/{}", self.base, self.id);
            (http::call(self.target, "DELETE", &path, None).0 == 204).then_some(())
        });
    }

    fn post(&self, what: &str, body: Option<&Value>) -> (u16, Value) {
        http::call(self.target, "POST", &format!("{}/{}{what}", self.base, self.id), body)
    }
}
