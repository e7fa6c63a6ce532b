//! One task that owns many sockets.
//!
//! Owns the order of work: new sockets, what became ready, what grew, what is due; in bounded
//! turns, so that other tasks of the same thread have theirs. Must not know frames.

use crate::feed::{Feed, Loaded};
use crate::hub::Connection;
use crate::hub::group::Group;
use crate::hub::socket::{Next, Scratch, Socket};
use crate::hub::thread;
use crate::metric_definitions::{CLOSED, WATCHERS};
use crate::options::Options;
use crate::session::Session;
use crate::stream::HistoryError;
use crate::subject::{Attach, Step, Subject};
use crate::wheel::Wheel;
use atomic_waker::AtomicWaker;
use event_log::Seq;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use protocol::{Code, Diagnostic, Envelope};
use slab::Slab;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

/// Sockets driven before other tasks of the thread have their turn.
const BUDGET: usize = 512;

/// What others put in front of a shard.
#[derive(Default)]
struct Inbox {
    connections: Vec<Connection>,
    ready: Vec<usize>,
    changed: Vec<usize>,
    loaded: Vec<(usize, u64, Result<Loaded, HistoryError>)>,
    steps: Vec<(usize, u64, Step)>,
    ends: Vec<(u64, Diagnostic)>,
    shutdown: Option<Diagnostic>,
    stop: bool,
}

/// What a shard shares with those who wake it.
pub(super) struct Shared {
    waker: AtomicWaker,
    inbox: Mutex<Inbox>,
}

impl Shared {
    fn put(&self, put: impl FnOnce(&mut Inbox)) {
        put(&mut self.inbox.lock());
        self.waker.wake();
    }

    pub fn changed(&self, group: usize) {
        self.put(|inbox| inbox.changed.push(group));
    }
}

/// Wakes one socket.
struct SocketWake {
    shared: Arc<Shared>,
    key: usize,
    queued: AtomicBool,
}

impl Wake for SocketWake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.shared.put(|inbox| inbox.ready.push(self.key));
        }
    }
}

/// A shard's task, from outside.
pub(super) struct ShardHandle {
    shared: Arc<Shared>,
    finished: CancellationToken,
}

impl ShardHandle {
    pub fn attach(&self, connection: Connection) {
        self.shared.put(|inbox| inbox.connections.push(connection));
    }

    pub fn end(&self, tag: u64, diagnostic: Diagnostic) {
        self.shared.put(|inbox| inbox.ends.push((tag, diagnostic)));
    }

    pub fn shut_down(&self, diagnostic: Diagnostic) {
        self.shared.put(|inbox| inbox.shutdown = Some(diagnostic));
    }

    pub async fn finished(&self) {
        self.finished.cancelled().await;
    }

    /// Drops all there is, without a word.
    pub fn abort(&self) {
        self.shared.put(|inbox| inbox.stop = true);
    }
}

impl Drop for ShardHandle {
    fn drop(&mut self) {
        self.abort();
    }
}

struct Slot {
    socket: Socket,
    wake: Arc<SocketWake>,
    /// Tells this socket from an earlier one in the same place.
    generation: u64,
    /// Looks for its stream.
    looking: Option<AbortHandle>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(looking) = &self.looking {
            looking.abort();
        }
    }
}

/// Why a socket has its turn.
#[derive(Clone, Copy)]
enum Turn {
    /// Something happened to itself: there may be something to read.
    Own,
    /// Its stream grew.
    Stream,
}

/// One task that owns many sockets.
pub(super) struct Shard {
    options: Options,
    /// Where streams are looked for and older pages loaded.
    runtime: Handle,
    shared: Arc<Shared>,
    /// How many sockets the whole hub has.
    total: Arc<AtomicUsize>,
    slots: Slab<Slot>,
    groups: Slab<Group>,
    by_feed: HashMap<usize, usize>,
    sweeping: VecDeque<usize>,
    /// Sockets that want another turn.
    again: VecDeque<usize>,
    wheel: Wheel,
    /// Made where the shard runs.
    sleep: Option<Pin<Box<Sleep>>>,
    scratch: Scratch,
    going_away: Option<Diagnostic>,
    stop: bool,
    generation: u64,
    random: u64,
}

impl Shard {
    pub fn start(options: Options, total: Arc<AtomicUsize>) -> ShardHandle {
        let shared = Arc::new(Shared { waker: AtomicWaker::new(), inbox: Mutex::default() });
        let finished = CancellationToken::new();
        let mut shard = Shard {
            options,
            runtime: Handle::current(),
            shared: Arc::clone(&shared),
            total,
            slots: Slab::new(),
            groups: Slab::new(),
            by_feed: HashMap::new(),
            sweeping: VecDeque::new(),
            again: VecDeque::new(),
            wheel: Wheel::new(Instant::now()),
            sleep: None,
            scratch: Scratch::default(),
            going_away: None,
            stop: false,
            generation: 0,
            random: getrandom::u64().unwrap_or(0x9e37_79b9_7f4a_7c15) | 1,
        };
        let done = finished.clone();
        // it takes its own turns: tokio's budget would stop it after 128 writes, and look like a full socket
        thread::run(tokio::task::coop::unconstrained(async move {
            std::future::poll_fn(|cx| shard.poll(cx)).await;
            drop(shard);
            done.cancel();
        }));
        ShardHandle { shared, finished }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.waker.register(cx.waker());
        let turn = self.turn(cx);
        self.scratch.count();
        turn
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut budget = BUDGET;
        loop {
            self.take_inbox();
            if self.stop {
                return Poll::Ready(());
            }
            let now = Instant::now();
            self.take_due(now);
            if !self.work(&mut budget, now) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.going_away.is_some() && self.slots.is_empty() {
                return Poll::Ready(());
            }
            // sleeps until something is due; whatever comes before that wakes it
            let Some(due) = self.wheel.due() else { return Poll::Pending };
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if sleep.deadline() != due {
                sleep.as_mut().reset(due);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn take_inbox(&mut self) {
        let inbox = std::mem::take(&mut *self.shared.inbox.lock());
        self.stop |= inbox.stop;
        for connection in inbox.connections {
            self.insert(connection);
        }
        for key in inbox.ready {
            if let Some(slot) = self.slots.get(key) {
                slot.wake.queued.store(false, Ordering::Release);
                self.again.push_back(key);
            }
        }
        for (key, generation, page) in inbox.loaded {
            let Some(slot) = self.slots.get_mut(key).filter(|s| s.generation == generation) else { continue };
            slot.socket.loading = false;
            match page {
                Ok(loaded) => slot.socket.session.loaded(loaded),
                Err(error) => {
                    tracing::warn!(%error, "older events cannot be read");
                    slot.socket.session.load_failed();
                }
            }
            self.again.push_back(key);
        }
        for key in inbox.changed {
            if let Some(group) = self.groups.get_mut(key) {
                if !group.is_sweeping() {
                    self.sweeping.push_back(key);
                }
                group.begin_sweep();
            }
        }
        for (key, generation, step) in inbox.steps {
            self.step(key, generation, step);
        }
        for (tag, diagnostic) in inbox.ends {
            for (key, slot) in self.slots.iter_mut().filter(|(_, slot)| slot.socket.tag == tag) {
                slot.socket.end(&diagnostic);
                self.again.push_back(key);
            }
        }
        if let Some(diagnostic) = inbox.shutdown {
            for (key, slot) in &mut self.slots {
                slot.socket.end(&diagnostic);
                self.again.push_back(key);
            }
            self.going_away = Some(diagnostic);
        }
    }

    fn insert(&mut self, mut connection: Connection) {
        let refused = Envelope::anonymous();
        let subject = std::mem::replace(
            &mut connection.subject,
            Subject::Refused { envelope: refused, diagnostic: Diagnostic::new(Code::Internal, "") },
        );
        let framing = connection.framing;
        let (session, attach, steps) = match subject {
            Subject::Stream(attach) => {
                (Session::pending(framing, attach.stream.envelope().clone()), Some(attach), None)
            }
            Subject::Later { envelope, steps } => (Session::pending(framing, envelope), None, Some(steps)),
            Subject::Refused { envelope, diagnostic } => {
                (Session::refused(framing, &envelope, &diagnostic), None, None)
            }
        };
        let now = Instant::now();
        let heartbeat_at = now + self.interval();
        let entry = self.slots.vacant_entry();
        let key = entry.key();
        let wake = Arc::new(SocketWake { shared: Arc::clone(&self.shared), key, queued: AtomicBool::new(false) });
        let mut socket = Socket::new(connection, session, Arc::clone(&wake).into(), heartbeat_at);
        if let Some(diagnostic) = &self.going_away {
            socket.end(diagnostic);
        }
        self.generation += 1;
        let generation = self.generation;
        let looking = steps.map(|steps| look(&self.runtime, Arc::clone(&self.shared), key, generation, steps));
        entry.insert(Slot { socket, wake, generation, looking });
        metrics::gauge!(WATCHERS, "transport" => "ws").increment(1.0);
        if let Some(attach) = attach {
            self.attach(key, attach);
        }
        self.again.push_back(key);
        self.schedule(key);
    }

    /// Looking for a socket's stream went on.
    fn step(&mut self, key: usize, generation: u64, step: Step) {
        let Some(slot) = self.slots.get_mut(key).filter(|s| s.generation == generation) else { return };
        match step {
            Step::Tell(diagnostic) => slot.socket.session.tell(&diagnostic),
            Step::Refuse(diagnostic) => slot.socket.session.refuse(&diagnostic),
            Step::Attach(attach) => self.attach(key, attach),
        }
        self.again.push_back(key);
    }

    /// Gives a socket its stream.
    fn attach(&mut self, key: usize, attach: Attach) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        if slot.socket.group.is_some() || !slot.socket.session.is_pending() {
            return;
        }
        let feed = attach.stream.feed(slot.socket.framing, attach.request.coalesce, &attach.class);
        // subscribed before the watermark is fixed, so that no event falls between
        let group_key = self.group_of(&feed);
        let (Some(slot), Some(group)) = (self.slots.get_mut(key), self.groups.get_mut(group_key)) else { return };
        slot.socket.group = Some((group_key, group.members.len()));
        group.members.push(key);
        slot.socket.guard = attach.guard;
        slot.socket.session.found(feed, &attach.request, &self.options);
    }

    fn group_of(&mut self, feed: &Arc<Feed>) -> usize {
        let id = Arc::as_ptr(feed) as usize;
        if let Some(key) = self.by_feed.get(&id) {
            return *key;
        }
        let entry = self.groups.vacant_entry();
        let key = entry.key();
        entry.insert(Group::new(&self.shared, key, Arc::clone(feed)));
        self.by_feed.insert(id, key);
        key
    }

    /// Time to the next heartbeat: the set one, give or take a tenth (xorshift64).
    fn interval(&mut self) -> Duration {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let tenths = 0.9 + 0.2 * (self.random % 1024) as f64 / 1024.0;
        self.options.heartbeat.mul_f64(tenths)
    }

    fn take_due(&mut self, now: Instant) {
        let mut due = Vec::new();
        self.wheel.take(now, &mut due);
        for (key, tick) in due {
            let interval = self.interval();
            let Some(slot) = self.slots.get_mut(key) else { continue };
            if slot.socket.scheduled != tick {
                continue;
            }
            match slot.socket.tick(&self.options, now, interval) {
                Next::Drop => self.remove(key),
                _ => {
                    self.again.push_back(key);
                    self.schedule(key);
                }
            }
        }
    }

    fn schedule(&mut self, key: usize) {
        if let Some(slot) = self.slots.get_mut(key) {
            let due = slot.socket.due(&self.options);
            slot.socket.scheduled = self.wheel.insert(key, due);
        }
    }

    /// Drives what has something to do. False when the budget ran out first.
    fn work(&mut self, budget: &mut usize, now: Instant) -> bool {
        loop {
            if *budget == 0 {
                return false;
            }
            let (key, turn) = match self.again.pop_front() {
                Some(key) => (key, Turn::Own),
                None => match self.sweep(budget, now) {
                    Some(key) => (key, Turn::Stream),
                    None => return *budget > 0,
                },
            };
            *budget = budget.saturating_sub(1);
            self.drive(key, turn, now);
        }
    }

    /// Has the sockets of streams that grew write what is new, passing over those that wait for
    /// themselves. Returns the next that is to be driven; `None` once there is none, or the budget
    /// has run out.
    fn sweep(&mut self, budget: &mut usize, now: Instant) -> Option<usize> {
        while let Some(&key) = self.sweeping.front() {
            let mut gone = None;
            if let Some(group) = self.groups.get_mut(key) {
                while let Some((member, tail)) = group.next() {
                    let Some(slot) = self.slots.get_mut(member).filter(|slot| !slot.socket.is_blocked()) else {
                        continue;
                    };
                    let followed =
                        tail.and_then(|tail| slot.socket.follow(tail, &mut self.scratch, &self.options, now));
                    match followed {
                        Some(Next::Drop) => {
                            gone = Some(member);
                            break;
                        }
                        Some(_) => {}
                        None => return Some(member),
                    }
                    *budget = budget.saturating_sub(1);
                    if *budget == 0 {
                        return None;
                    }
                }
            }
            if let Some(gone) = gone {
                self.remove(gone);
                continue;
            }
            if let Some(group) = self.groups.get_mut(key) {
                group.end_sweep();
            }
            self.sweeping.pop_front();
        }
        None
    }

    fn drive(&mut self, key: usize, turn: Turn, now: Instant) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let due = slot.socket.due(&self.options);
        let next = match turn {
            Turn::Own => slot.socket.drive(&mut self.scratch, &self.options, now),
            Turn::Stream => slot.socket.write(&mut self.scratch, &self.options, now),
        };
        match next {
            Next::Wait => {}
            Next::Again => self.again.push_back(key),
            Next::Load(after) => self.load(key, after),
            Next::Drop => return self.remove(key),
        }
        if self.slots.get(key).is_some_and(|slot| slot.socket.due(&self.options) < due) {
            self.schedule(key);
        }
    }

    fn load(&mut self, key: usize, after: Seq) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let Some(feed) = slot.socket.session.feed().map(Arc::clone) else { return };
        if std::mem::replace(&mut slot.socket.loading, true) {
            return;
        }
        let (shared, generation) = (Arc::clone(&self.shared), slot.generation);
        self.runtime.spawn(async move {
            let page = feed.load(after).await;
            shared.put(|inbox| inbox.loaded.push((key, generation, page)));
        });
    }

    fn remove(&mut self, key: usize) {
        let Some(slot) = self.slots.try_remove(key) else { return };
        let code = slot.socket.session.close_code().map_or_else(|| "gone".into(), |code| code.to_string());
        metrics::counter!(CLOSED, "code" => code).increment(1);
        metrics::gauge!(WATCHERS, "transport" => "ws").decrement(1.0);
        self.total.fetch_sub(1, Ordering::Relaxed);
        let Some((group_key, place)) = slot.socket.group else { return };
        let Some(group) = self.groups.get_mut(group_key) else { return };
        if let Some(moved) = group.remove(place)
            && let Some(slot) = self.slots.get_mut(moved)
        {
            slot.socket.group = Some((group_key, place));
            if group.is_sweeping() {
                self.again.push_back(moved);
            }
        }
        if group.members.is_empty() {
            let id = Arc::as_ptr(&group.feed) as usize;
            self.by_feed.remove(&id);
            self.groups.remove(group_key);
        }
    }
}

/// Tells a shard how looking for a socket's stream goes.
fn look(
    runtime: &Handle,
    shared: Arc<Shared>,
    key: usize,
    generation: u64,
    mut steps: BoxStream<'static, Step>,
) -> AbortHandle {
    let looking = runtime.spawn(async move {
        let mut found = false;
        while let Some(step) = steps.next().await {
            found |= !matches!(step, Step::Tell(_));
            shared.put(|inbox| inbox.steps.push((key, generation, step)));
        }
        if !found {
            let lost = Diagnostic::new(Code::Internal, "what was asked for could not be looked for");
            shared.put(|inbox| inbox.steps.push((key, generation, Step::Refuse(lost))));
        }
    });
    looking.abort_handle()
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.total.fetch_sub(self.slots.len(), Ordering::Relaxed);
    }
}
