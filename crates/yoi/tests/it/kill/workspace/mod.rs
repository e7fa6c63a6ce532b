//! `kill -9` of backends and runtimes while everybody watches.
//!
//! Owns the acts: workers are made, driven and watched while processes die at random; then nobody
//! dies any more, and what everybody was told is set against what the runtimes have kept.
//! `YOI_KILL_ROUNDS` says how many kills.

mod account;
mod driving;
mod watching;

use super::ledger::Ledger;
use super::rounds;
use crate::dice::Dice;
use crate::profiles;
use crate::serving::Serving;
use crate::stage::viewer::{Subject, Viewer, Wire, snapshot};
use crate::stage::{LOCAL, Place, REMOTE, Reached, Stage, id};
use crate::tap::{self, Tap};
use crate::wait::until_async;
use account::{Account, Counts, Record, Shared};
use driving::{Spoken, speak};
use protocol::api::CreateWorker;
use protocol::{State, Status};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::{JoinHandle, block_in_place};
use watching::{Raw, Stay, follow};
use yoi_client::{Coalesce, Folded};

/// How many kills there are in an act: after that logs begin anew, so that none outgrows a backlog.
const ACT: usize = 10;
/// How many workers each runtime has.
const WORKERS: usize = 2;
/// The backlog of the second backend: a client that comes to it late is told of a gap.
const SHORT: &str = "400";

/// A worker of an act.
struct Case {
    subject: Subject,
    /// What the runtime says, by its own cursors.
    ledger: Ledger,
    goal: watch::Sender<Option<String>>,
    speaking: JoinHandle<Spoken>,
    watching: Vec<JoinHandle<Record>>,
    following: Vec<JoinHandle<(Record, Folded)>>,
    /// Where the backend's clients can begin.
    base: String,
    begin: State,
}

/// What all acts had together.
#[derive(Debug, Default)]
struct Total {
    counts: Counts,
    log: usize,
    inputs: usize,
    retried: usize,
    interrupted: usize,
}

/// A workspace, and a second backend on the same runtime.
struct Theatre {
    // dropped first: what its clients were sent is searched for what is in the runtime's folder
    second: Place,
    stage: Stage,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kill_workspace() {
    let rounds = rounds();
    let mut dice = Dice::new();
    let begun = Instant::now();
    let (one, two) = (dice.fork(), dice.fork());
    let halves = [(one, rounds.div_ceil(2)), (two, rounds / 2)];
    let playing = halves.map(|(dice, rounds)| tokio::spawn(play(rounds, dice)));
    let mut total = Total::default();
    for played in playing {
        let played = played.await.unwrap();
        total.counts += played.counts;
        total.log += played.log;
        total.inputs += played.inputs;
        total.retried += played.retried;
        total.interrupted += played.interrupted;
    }
    println!("{rounds} kills in {:?}: {total:?}", begun.elapsed());
    if rounds >= 20 {
        assert!(total.log > 50 * rounds && total.inputs > rounds, "too little was said");
        assert!(total.counts.connections > 5 * rounds, "too few came back");
        assert!(total.retried > 0 && total.interrupted > 0, "no kill came at a bad moment");
        assert!(total.counts.gaps > 0, "nobody was away for too long");
    }
}

/// Plays acts with so many kills in all.
async fn play(rounds: usize, mut dice: Dice) -> Total {
    let profiles = profiles::stream(8);
    let stage = Stage::new(&profiles, &[], "");
    let reached = Reached { id: REMOTE, place: &stage.remote, more: "" };
    let mut second = Place::backend(&profiles, &[reached], &stage.keys);
    second.add_flags(&["--embedded=false", "--backlog-max-events", SHORT]);
    let mut theatre = Theatre { second, stage };
    let mut total = Total::default();
    let mut left = rounds;
    while left > 0 {
        let kills = left.min(ACT);
        theatre.act(kills, &mut dice, &mut total).await;
        left -= kills;
    }
    total
}

impl Theatre {
    async fn act(&mut self, kills: usize, dice: &mut Dice, total: &mut Total) {
        let mut workers = Vec::new();
        block_in_place(|| self.stage.remote.start());
        workers.extend(make(REMOTE, self.stage.remote.serving()).await);
        let mut alone = block_in_place(|| self.stage.backend.serve_store());
        workers.extend(make(LOCAL, &alone).await);
        assert!(block_in_place(|| alone.end()).success());
        block_in_place(|| {
            self.stage.backend.start();
            self.second.start();
        });
        let (over, speaking) = watch::channel(false);
        let mut cases = Vec::new();
        for (subject, ledger) in workers {
            cases.push(self.case(subject, ledger, speaking.clone(), dice).await);
        }
        for _ in 0..kills {
            // not a wait for anything: the moment at which to kill
            tokio::time::sleep(dice.millis(100, 900)).await;
            block_in_place(|| self.kill(dice));
        }
        over.send(true).unwrap();
        let mut checked = Vec::new();
        for case in cases {
            checked.push(self.check(case, total).await);
        }
        // each by itself, after an orderly end of what stood before it
        assert!(block_in_place(|| self.stage.backend.end()).success());
        assert!(block_in_place(|| self.second.end()).success());
        let mut alone = block_in_place(|| self.stage.backend.serve_store());
        for (subject, mut ledger, account, spoken) in checked {
            let serving = if subject.runtime == id(LOCAL) { &alone } else { self.stage.remote.serving() };
            let worker = subject.worker;
            let query = format!("cursor={}&coalesce=off", ledger.base());
            let log = Tap::connect(serving.address, worker, &query).await.unwrap().up_to_ready().await;
            account.assert_is(&log);
            ledger.take(log);
            ledger.assert_at_rest();
            for (text, run) in &spoken.accepted {
                assert_eq!(ledger.run_of(text), Some(*run), "an input is not in the log: {text}");
            }
            let (state, _) = tap::snapshot(serving.address, worker).await;
            assert_eq!(state, account.end(), "the runtime's own state is another");
            total.log += ledger.events().len();
            total.interrupted += ledger.interrupted();
            total.inputs += spoken.accepted.len();
            total.retried += spoken.retried;
            let client = serving.client();
            client.stop(worker).await.unwrap();
            client.delete(worker).await.unwrap();
        }
        assert!(block_in_place(|| alone.end()).success());
        assert!(block_in_place(|| self.stage.remote.end()).success());
    }

    /// Has a worker driven and watched.
    async fn case(&self, subject: Subject, ledger: Ledger, over: watch::Receiver<bool>, dice: &mut Dice) -> Case {
        let (one, two) = (&self.stage.backend, &self.second);
        let (begin, base) = snapshot(one.address, &subject).await;
        let (goal, reached) = watch::channel(None);
        let shared = Arc::new(Shared::default());
        let runtime = subject.runtime.as_str();
        let is_remote = runtime == REMOTE;
        let first = vec![one.address];
        let raw = |name, wire, backends: &Vec<_>, stay| Raw { name, wire, backends: backends.clone(), stay };
        let mut all = vec![
            raw("a socket", Wire::Socket, &first, Stay::Faithful),
            raw("events", Wire::Sse, &first, Stay::Faithful),
            raw("a restless socket", Wire::Socket, &first, Stay::Restless),
        ];
        if is_remote {
            let both = vec![one.address, two.address];
            all.push(raw("a socket that roams", Wire::Socket, &both, Stay::Faithful));
            all.push(raw("restless events that roam", Wire::Sse, &both, Stay::Restless));
            all.push(raw("a socket that comes late", Wire::Socket, &vec![two.address], Stay::Late));
        }
        let watching = all
            .into_iter()
            .map(|raw| tokio::spawn(raw.watch(subject.clone(), Arc::clone(&shared), reached.clone(), dice.fork())));
        let watching = watching.collect();
        let following = [Coalesce::On, Coalesce::Off].map(|coalesce| {
            tokio::spawn(follow(one.on(runtime), subject.clone(), Arc::clone(&shared), reached.clone(), coalesce))
        });
        let mut clients = vec![one.on(runtime)];
        clients.extend(is_remote.then(|| two.on(runtime)));
        let name = format!("{runtime}.{}", subject.worker);
        let speaking = tokio::spawn(speak(clients, subject.worker, name, over, dice.fork()));
        let following = following.into();
        Case { subject, ledger, goal, speaking, watching, following, base, begin }
    }

    /// Kills some, and starts them again after a while.
    fn kill(&mut self, dice: &mut Dice) {
        let (backend, remote, second) = match dice.within(0, 8) {
            0..=2 => (true, false, false),
            3 | 4 => (false, true, false),
            5 | 6 => (true, true, false),
            _ => (dice.once_in(2), dice.once_in(2), true),
        };
        let mut down = Vec::new();
        for (place, dies) in self.places().into_iter().zip([remote, backend, second]) {
            if dies {
                place.kill();
                down.push(place);
            }
        }
        std::thread::sleep(dice.millis(0, 150));
        if dice.once_in(8) {
            down[0].kill_at_start(dice.millis(0, 60));
        }
        // whichever is first
        if dice.once_in(2) {
            down.reverse();
        }
        down.into_iter().for_each(Place::start);
    }

    fn places(&mut self) -> [&mut Place; 3] {
        [&mut self.stage.remote, &mut self.stage.backend, &mut self.second]
    }

    /// Waits until everybody has everything, and checks it as far as backends know.
    async fn check(&self, case: Case, total: &mut Total) -> (Subject, Ledger, Account, Spoken) {
        let Case { subject, ledger, goal, speaking, watching, following, base, begin } = case;
        let spoken = speaking.await.unwrap();
        let (runtime, worker) = (subject.runtime.as_str(), subject.worker);
        let backend = &self.stage.backend;
        let client = backend.on(runtime);
        let head = until_async("the run is over", || async {
            let detail = client.worker(worker).await.ok()?;
            (detail.status == Status::Idle).then_some(detail.cursor)?
        })
        .await;
        goal.send(Some(head.clone())).unwrap();
        let mut records = Vec::new();
        for watching in watching {
            records.push(watching.await.unwrap());
        }
        let mut folds = Vec::new();
        for following in following {
            let (record, folded) = following.await.unwrap();
            records.push(record);
            folds.push(folded);
        }
        let mut viewer =
            Viewer::connect(backend.address, Wire::Socket, &subject, Some(&base), "coalesce=off").await.unwrap();
        let account = Account::new(&base, begin, viewer.up_to_ready().await);
        total.counts += account.check(&records);
        let end = account.end();
        for folded in folds {
            assert_eq!(folded.state(), Some(&end), "a follower's state is another");
        }
        let mut addresses = vec![backend.address];
        addresses.extend((runtime == REMOTE).then_some(self.second.address));
        for address in addresses {
            let (state, at) = snapshot(address, &subject).await;
            assert_eq!((&state, &at), (&end, &head), "a fresh snapshot is another");
        }
        // each key still begins no second run
        for (text, run) in spoken.accepted.iter().rev().take(3) {
            assert_eq!(super::send(&client, worker, text).await.unwrap(), *run, "a key began two runs");
        }
        (subject, ledger, account, spoken)
    }
}

/// Makes workers on a runtime, and begins to keep their books.
async fn make(runtime: &str, serving: &Serving) -> Vec<(Subject, Ledger)> {
    let mut made = Vec::new();
    for _ in 0..WORKERS {
        let request = CreateWorker { profile: Some("stream".into()), ..CreateWorker::default() };
        let worker = serving.client().create(&request).await.unwrap().worker.worker_id;
        let (_, base) = tap::snapshot(serving.address, worker).await;
        made.push((Subject { runtime: id(runtime), worker }, Ledger::after(base)));
    }
    made
}
