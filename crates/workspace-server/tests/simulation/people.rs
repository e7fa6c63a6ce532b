//! Clients: those who follow, who read slowly, who never read, and who come back with what they were
//! given long ago.
//!
//! Owns what they do. What they are told is judged by `checks`.

use crate::checks::Told;
use crate::commander;
use crate::hosts::timeouts;
use crate::look_back::come_back;
use crate::network::{Line, PORT};
use crate::plan::Plan;
use crate::random::Random;
use crate::truth::{Key, Mark};
use crate::world::World;
use futures_util::future::{join, join_all};
use protocol::{Coalesce, Code, Diagnostic, Mode, OnGap, RuntimeId};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};
use yoi_client::{
    Client, ClientOptions, Connect, Error, First, FollowOptions, RawFrame, RuntimeClient, SubscribeOptions, Update,
};

/// The clients of one host: one of each backend.
#[derive(Clone)]
pub struct Clients(Vec<Client>);

impl Clients {
    pub fn new(plan: &Plan, line: &Line) -> Clients {
        let client = |n| {
            let mut options = ClientOptions::new(format!("http://{}:{PORT}", Plan::backend_host(n)));
            options.connector = Some(Arc::new(line.clone()));
            options.timeouts = timeouts();
            Client::new(options).unwrap()
        };
        Clients((0..plan.backends).map(client).collect())
    }

    /// One of a runtime's workers for each backend that has it.
    pub fn all(&self, world: &World, runtime: &RuntimeId) -> Vec<RuntimeClient> {
        self.0.iter().take(world.plan.backends_of(runtime)).map(|client| client.on(runtime)).collect()
    }

    /// One of a runtime's workers, through any backend that has it.
    pub fn any(&self, world: &World, random: &mut Random, runtime: &RuntimeId) -> RuntimeClient {
        self.0[random.below(world.plan.backends_of(runtime) as u64) as usize].on(runtime)
    }
}

/// What no client may ever be told.
pub fn check_discretion(text: &str) {
    assert!(!text.contains("upstream-") && !text.contains("a-token-that"), "a client is told too much: {text}");
}

/// One host of clients, until all is quiet and each of them has everything.
pub async fn host(world: World, n: usize, line: Line) -> turmoil::Result {
    let clients = Clients::new(&world.plan, &line);
    let people = (0..world.plan.people[n]).map(|p| {
        let (name, world) = (format!("person-{n}.{p}"), world.clone());
        let random = world.random("person", &name);
        let key = world.plan.workers()[p % world.plan.workers().len()].clone();
        let told = Told::new(world.truth.clone(), key, Coalesce::On);
        Person { world, name, random, line: line.clone(), clients: clients.clone(), cursor: None, told }.live()
    });
    join(join_all(people), commander::drive(world.clone(), n, clients.clone())).await;
    Ok(())
}

struct Person {
    world: World,
    name: String,
    random: Random,
    line: Line,
    clients: Clients,
    cursor: Option<String>,
    told: Told,
}

impl Person {
    async fn live(mut self) {
        let workers = self.world.plan.workers();
        while !self.is_done() {
            let busy = !self.world.is_settled();
            if busy && self.random.once_in(8) {
                let key = self.random.pick(&workers).clone();
                self.begin(key);
            }
            self.told.coalesce = if self.random.once_in(3) { Coalesce::Off } else { Coalesce::On };
            match self.random.below(10) {
                0 | 1 if busy => self.read_slowly().await,
                2 if busy => self.never_read().await,
                3 if busy => self.look_at_something_old().await,
                _ => self.follow().await,
            }
            sleep(self.random.millis(1_000)).await;
        }
        self.tell(format_args!("has everything: {:?}", self.told.at));
        self.world.looking.fetch_sub(1, Ordering::Relaxed);
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        self.world.trace.line(&self.name, what);
    }

    fn is_done(&self) -> bool {
        self.world.is_settled() && (!self.world.truth.exists(&self.told.key) || self.told.is_complete())
    }

    /// Forgets everything, and looks at `key`.
    fn begin(&mut self, key: Key) {
        self.cursor = None;
        self.told = Told::new(self.world.truth.clone(), key, Coalesce::On);
    }

    fn asks(&mut self) -> (OnGap, Mode) {
        let on_gap = if self.random.once_in(3) { OnGap::Close } else { OnGap::Snapshot };
        (on_gap, if self.random.once_in(5) { Mode::Auto } else { Mode::Replay })
    }

    fn connects(&mut self, with_cursor: bool, mode: Mode) {
        self.told.connects(with_cursor);
        if mode == Mode::Auto {
            self.told.allow_snapshot();
        }
    }

    async fn follow(&mut self) {
        let (runtime, worker) = self.told.key.clone();
        let client = self.clients.any(&self.world, &mut self.random, &runtime);
        let (on_gap, mode) = self.asks();
        let cursor = self.cursor.clone();
        self.tell(format_args!("follows {client:?} {on_gap:?} {mode:?} from {:?}", self.told.at));
        self.connects(cursor.is_some(), mode);
        let coalesce = self.told.coalesce;
        let mut follow = client.follow(worker, FollowOptions { cursor, mode, on_gap, coalesce, first: First::Retry });
        let (since, slow) = (self.world.truth.mark(&self.told.key), self.random.once_in(3));
        let until = Instant::now() + self.random.millis(12_000);
        loop {
            if self.is_done() || (Instant::now() > until && !self.world.is_settled()) {
                break;
            }
            let Ok(next) = timeout(Duration::from_millis(250), follow.next()).await else { continue };
            let update = match next {
                None => break,
                Some(Err(error)) => return self.over(&error, since),
                Some(Ok(update)) => update,
            };
            if matches!(update, Update::Reconnected) {
                self.connects(follow.cursor().is_some(), mode);
            }
            self.update(update);
            if slow && !self.world.is_settled() && self.random.once_in(10) {
                sleep(self.random.millis(4_000)).await;
            }
        }
        if self.random.once_in(2) {
            follow.close().await;
        }
    }

    fn update(&mut self, update: Update) {
        match update {
            Update::Event(received) => self.event(received.cursor(), received.raw().as_bytes()),
            Update::Ready { cursor } => self.ready(cursor.as_deref()),
            Update::Heartbeat(heartbeat) => self.heartbeat(heartbeat.cursor.as_deref(), heartbeat.oldest.as_deref()),
            Update::Link { state, lost } => self.link(&state, lost),
            Update::Diagnostic(diagnostic) => self.diagnostic(&diagnostic),
            Update::Disconnected { reason, .. } => {
                self.tell(format_args!("is disconnected: {reason}"));
                self.broken(&reason);
            }
            Update::Reconnected => self.tell(format_args!("is connected again")),
        }
    }

    fn event(&mut self, cursor: &str, json: &[u8]) {
        self.told.event(cursor, json);
        self.cursor = Some(cursor.to_owned());
        self.tell(format_args!("{:?} in {} bytes", self.told.at, json.len()));
    }

    fn ready(&mut self, cursor: Option<&str>) {
        self.told.ready(cursor);
        self.tell(format_args!("ready at {:?}", self.told.at));
    }

    /// What is kept for this stream is bounded: the oldest cursor is not further back.
    fn heartbeat(&mut self, cursor: Option<&str>, oldest: Option<&str>) {
        let (truth, key) = (&self.world.truth, &self.told.key);
        let at = cursor.map(|cursor| truth.open(key, cursor));
        assert!(at.is_none() || at == self.told.at, "a heartbeat of another position: {at:?}");
        if let (Some(oldest), Some(at)) = (oldest.map(|cursor| truth.open(key, cursor)), at) {
            let most = self.world.plan.mirror_limits.max_events as u64 + 1;
            assert!(at.seq.0 <= oldest.seq.0 + most, "more than {most} events are kept: {oldest} to {at}");
        }
        self.tell(format_args!("heartbeat"));
    }

    fn link(&mut self, state: &protocol::LinkState, lost: bool) {
        self.told.link(lost);
        self.tell(format_args!("link {state} lost={lost}"));
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        check_discretion(&diagnostic.message);
        self.told.diagnostic(diagnostic);
        self.tell(format_args!("{} {:?}", diagnostic.code, diagnostic.reason));
    }

    /// A connection failed; another may not.
    fn broken(&mut self, error: &Error) {
        check_discretion(&error.to_string());
        match error {
            Error::Diagnostic(diagnostic) => self.told.diagnostic(diagnostic),
            Error::Problem(problem) => assert_ne!(problem.code, Code::Internal, "{problem:?}"),
            Error::Connect { .. } | Error::Disconnected { .. } | Error::Timeout { .. } => {}
            other => panic!("a stream broke as none should: {other:?}"),
        }
    }

    /// The stream has ended for good: its worker is gone, or was for a moment.
    fn over(&mut self, error: &Error, since: Mark) {
        check_discretion(&error.to_string());
        self.tell(format_args!("it is over: {error}"));
        let gone = matches!(error.code(), Code::WorkerNotFound | Code::WorkerDeleted);
        let key = self.told.key.clone();
        assert!(gone && !self.world.truth.held(&key, since), "a stream ended as none should: {error:?}");
        self.begin(key);
    }

    async fn read_slowly(&mut self) {
        let (runtime, worker) = self.told.key.clone();
        let client = self.clients.any(&self.world, &mut self.random, &runtime);
        let (on_gap, mode) = self.asks();
        let since = self.world.truth.mark(&self.told.key);
        self.tell(format_args!("reads {client:?} slowly from {:?}", self.told.at));
        let coalesce = self.told.coalesce;
        let options = SubscribeOptions { cursor: self.cursor.clone(), on_gap, coalesce, mode };
        self.connects(self.cursor.is_some(), mode);
        let mut subscription = match client.subscribe(worker, options).await {
            Ok(subscription) => subscription,
            Err(error) => return self.broken(&error),
        };
        let mut frames = Vec::new();
        for _ in 0..self.random.below(20) {
            if self.world.is_settled() {
                return;
            }
            match timeout(Duration::from_secs(10), subscription.receive(&mut frames)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return self.broken(&error),
                Err(_) => return,
            }
            for frame in frames.drain(..) {
                match frame {
                    RawFrame::Event { cursor, json, .. } => self.event(&cursor, &json),
                    RawFrame::Ready { cursor } => self.ready(cursor.as_deref()),
                    RawFrame::Heartbeat(beat) => self.heartbeat(beat.cursor.as_deref(), beat.oldest.as_deref()),
                    RawFrame::Link { state, lost, .. } => self.link(&state, lost),
                    RawFrame::Diagnostic(why) if [Code::WorkerNotFound, Code::WorkerDeleted].contains(&why.code) => {
                        return self.over(&Error::Diagnostic(why), since);
                    }
                    RawFrame::Diagnostic(diagnostic) => self.diagnostic(&diagnostic),
                    RawFrame::Closed { code } => self.tell(format_args!("is closed with {code:?}")),
                }
            }
            sleep(self.random.millis(5_000)).await;
        }
    }

    /// Asks for a stream and takes nothing of it.
    async fn never_read(&mut self) {
        let (runtime, worker) = self.told.key.clone();
        let backend = Plan::backend_host(self.random.below(self.world.plan.backends as u64) as usize);
        self.tell(format_args!("takes nothing of {backend}"));
        let Ok(Ok(mut io)) = timeout(Duration::from_secs(2), self.line.connect(&backend, PORT)).await else { return };
        let request = format!(
            "GET /api/runtimes/{runtime}/workers/{worker}/events/ws HTTP/1.1\r\nhost: {backend}\r\n\
             connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let _ = io.write_all(request.as_bytes()).await;
        let until = Instant::now() + self.random.millis(20_000);
        while Instant::now() < until && !self.world.is_settled() {
            sleep(Duration::from_millis(250)).await;
        }
    }

    async fn look_at_something_old(&mut self) {
        let Some((key, cursor)) = self.world.truth.some_cursor(self.random.next()) else { return };
        let client = self.clients.any(&self.world, &mut self.random, &key.0);
        let (on_gap, _) = self.asks();
        come_back(&self.world, &self.name, &client, &key, &cursor, on_gap).await;
    }
}
