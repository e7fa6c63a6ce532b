//! `kill -9` at any moment, over and over, on one store.
//!
//! Owns the rounds: a runtime under load is killed; the next one must still have all that anybody
//! was ever given or promised. `YOI_KILL_ROUNDS` says how many rounds.

mod ledger;
mod load;
mod workspace;

use crate::dice::Dice;
use crate::profiles;
use crate::serving::{Home, Serving};
use crate::tap::{Tap, Told, snapshot};
use ledger::{Ledger, Witness, text_of};
use load::{Load, Said, Stop};
use protocol::api::{CreateWorker, SendInput};
use protocol::{Code, Part, RunId, Status, WorkerId};
use std::collections::HashMap;
use std::time::Instant;
use yoi_client::{RuntimeClient, TranscriptQuery};

/// How many rounds where nobody says.
const ROUNDS: usize = 50;
/// How many workers are driven at once.
const WORKERS: usize = 4;
/// After so many rounds a worker is stopped, so that logs stay short.
const AGE: usize = 7;
/// How many stopped workers are kept.
const STOPPED: usize = 5;

/// A worker that is driven.
struct Live {
    id: WorkerId,
    ledger: Ledger,
    rounds: usize,
    /// What the last round said about it.
    said: Said,
    witnesses: Vec<Witness>,
}

/// All that must outlive the runtime.
#[derive(Default)]
struct World {
    live: Vec<Live>,
    /// Stopped workers, and their last cursor.
    stopped: Vec<(WorkerId, String)>,
    deleted: Vec<WorkerId>,
    /// Workers asked for while the runtime was killed, and whether it said yes.
    born: Vec<(WorkerId, bool)>,
    total: Total,
}

/// What all rounds had together.
#[derive(Debug, Default)]
struct Total {
    events: usize,
    inputs: usize,
    unsure: usize,
    interrupted: usize,
    resumed: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill() {
    let rounds = rounds();
    let mut dice = Dice::new();
    let home = Home::new(&profiles::stream(8));
    let mut world = World::default();
    let begun = Instant::now();
    for round in 0..rounds {
        if dice.once_in(8) {
            kill_at_start(&home, &mut dice).await;
        }
        let mut serving = home.serve(&["--durability", durability(round)]);
        world.verify(&serving, &mut dice).await;
        world.retire(&serving.client(), &mut dice).await;
        world.top_up(&serving).await;
        let load = Load::begin(&serving, &world.live, round, &mut dice);
        // not a wait for anything: the moment at which to kill
        tokio::time::sleep(dice.millis(20, 300)).await;
        serving.kill();
        load.end(&mut world).await;
        assert!(!serving.stderr.text().contains("panicked"), "a panic");
        if round % 100 == 99 {
            eprintln!("round {}: {:?} after {:?}", round + 1, world.total, begun.elapsed());
        }
    }
    let mut serving = home.serve(&[]);
    world.verify(&serving, &mut dice).await;
    assert!(serving.end().success());
    // and once more, after an orderly end
    let serving = home.serve(&[]);
    world.verify(&serving, &mut dice).await;
    world.total.interrupted += world.live.iter().map(|live| live.ledger.interrupted()).sum::<usize>();
    world.total.events += world.live.iter().map(|live| live.ledger.events().len()).sum::<usize>();
    println!("{rounds} rounds in {:?}: {:?}", begun.elapsed(), world.total);
    if rounds >= 10 {
        let Total { events, inputs, unsure, interrupted, resumed } = world.total;
        assert!(events > 100 * rounds && inputs > rounds && resumed > rounds, "too little happened");
        assert!(unsure > 0 && interrupted > 0, "no kill came at a bad moment");
    }
}

/// How many kills there are to be.
fn rounds() -> usize {
    match std::env::var("YOI_KILL_ROUNDS") {
        Ok(text) => text.parse().expect("YOI_KILL_ROUNDS is a number"),
        Err(_) => ROUNDS,
    }
}

fn durability(round: usize) -> &'static str {
    ["always", "interval", "never"][round % 3]
}

/// Kills a runtime while it starts.
async fn kill_at_start(home: &Home, dice: &mut Dice) {
    use std::process::Stdio;
    let mut command = home.command("127.0.0.1:0", &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::time::sleep(dice.millis(0, 60)).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

impl World {
    /// Checks everything that was ever said against the runtime as it is now.
    async fn verify(&mut self, serving: &Serving, dice: &mut Dice) {
        let client = serving.client();
        for (id, acknowledged) in std::mem::take(&mut self.born) {
            match client.worker(id).await {
                Ok(_) => self.live.push(Live::new(id, serving).await),
                Err(error) => {
                    assert!(!acknowledged && error.code() == Code::WorkerNotFound, "a worker is gone: {error}");
                }
            }
        }
        let mut stopped = Vec::new();
        for (at, live) in self.live.iter_mut().enumerate() {
            live.verify(serving, &client, dice, &mut self.total).await;
            if live.is_stopped(&client).await {
                stopped.push(at);
            }
        }
        for at in stopped.into_iter().rev() {
            let live = self.live.remove(at);
            self.total.events += live.ledger.events().len();
            self.total.interrupted += live.ledger.interrupted();
            let last = live.ledger.events().last().map_or(live.ledger.base(), |told| &told.cursor);
            self.stopped.push((live.id, last.to_owned()));
        }
        for (id, last) in &self.stopped {
            let detail = client.worker(*id).await.unwrap();
            assert_eq!(detail.status, Status::Stopped, "{id} was stopped");
            assert_eq!(detail.cursor.as_ref(), Some(last), "{id} was stopped and said something");
        }
        for id in &self.deleted {
            let error = client.worker(*id).await.unwrap_err();
            assert_eq!(error.code(), Code::WorkerNotFound, "{id} was deleted");
        }
    }

    /// Deletes stopped workers where there are many.
    async fn retire(&mut self, client: &RuntimeClient, dice: &mut Dice) {
        while self.stopped.len() > STOPPED {
            let (id, _) = self.stopped.remove(dice.within(0, STOPPED));
            client.delete(id).await.unwrap();
            self.deleted.push(id);
        }
    }

    /// Makes workers until there are enough.
    async fn top_up(&mut self, serving: &Serving) {
        while self.live.len() < WORKERS {
            let worker = CreateWorker { profile: Some("stream".into()), ..CreateWorker::default() };
            let detail = serving.client().create(&worker).await.unwrap();
            self.live.push(Live::new(detail.worker.worker_id, serving).await);
        }
    }
}

impl Live {
    /// A worker to which nothing has been said yet.
    async fn new(id: WorkerId, serving: &Serving) -> Live {
        let (_, base) = snapshot(serving.address, id).await;
        Live { id, ledger: Ledger::after(base), rounds: 0, said: Said::default(), witnesses: Vec::new() }
    }

    async fn verify(&mut self, serving: &Serving, client: &RuntimeClient, dice: &mut Dice, total: &mut Total) {
        let log = self.replay(serving, self.ledger.base()).await;
        self.ledger.take(log);
        self.ledger.assert_at_rest();
        let witnesses = std::mem::take(&mut self.witnesses);
        let mut cursors = Vec::new();
        for witness in &witnesses {
            self.ledger.compare(witness);
            cursors.extend(witness.cursor().map(str::to_owned));
        }
        let events = self.ledger.events();
        for _ in 0..2.min(events.len()) {
            cursors.push(events[dice.within(0, events.len())].cursor.clone());
        }
        for cursor in cursors {
            let replayed = self.replay(serving, &cursor).await;
            assert_eq!(replayed, self.ledger.rest(&cursor), "a resume tells something else");
            total.resumed += 1;
        }
        let (state, at) = snapshot(serving.address, self.id).await;
        let head = self.ledger.events().last().map_or(self.ledger.base(), |told| &told.cursor);
        assert_eq!(at, head, "the snapshot is of another moment");
        assert!(state.run.is_none() && state.open_blocks.is_empty());
        self.verify_inputs(client, total).await;
    }

    /// Every event after a cursor.
    async fn replay(&self, serving: &Serving, cursor: &str) -> Vec<Told> {
        let mut tap = Tap::connect(serving.address, self.id, &format!("cursor={cursor}&coalesce=off")).await.unwrap();
        tap.up_to_ready().await
    }

    /// Checks that each input that was acknowledged is there once, and no other twice.
    async fn verify_inputs(&mut self, client: &RuntimeClient, total: &mut Total) {
        let (accepted, unsure) = (std::mem::take(&mut self.said.accepted), std::mem::take(&mut self.said.unsure));
        let entries = self.messages(client, accepted.len() + unsure.len()).await;
        let stopped = self.is_stopped(client).await;
        for (text, run) in &accepted {
            assert_eq!(self.ledger.run_of(text), Some(*run), "an input is not in the log: {text}");
            assert_eq!(entries.get(text), Some(run), "an input is not in the transcript: {text}");
            if !stopped {
                assert_eq!(send(client, self.id, text).await.unwrap(), *run, "a key began two runs");
            }
        }
        for text in &unsure {
            // it was under way when the runtime was killed: in both or in neither, and never twice
            let run = self.ledger.run_of(text);
            assert_eq!(entries.get(text), run.as_ref(), "log and transcript differ: {text}");
            if let (Some(run), false) = (run, stopped) {
                assert_eq!(send(client, self.id, text).await.unwrap(), run, "a key began two runs");
            }
        }
        total.inputs += accepted.len();
        total.unsure += unsure.len();
    }

    /// The newest messages of the transcript by their texts, at least so many.
    async fn messages(&self, client: &RuntimeClient, at_least: usize) -> HashMap<String, RunId> {
        let mut found = HashMap::new();
        let mut query = TranscriptQuery { limit: Some(50), before: None };
        loop {
            let page = client.transcript(self.id, &query).await.unwrap();
            for entry in &page.entries {
                let (Some(content), Some(run)) = (&entry.content, entry.run_id) else { continue };
                let twice = found.insert(text_of(content), run);
                assert!(twice.is_none(), "an input is in the transcript twice");
            }
            query.before = page.before;
            if query.before.is_none() || found.len() > at_least {
                return found;
            }
        }
    }

    async fn is_stopped(&self, client: &RuntimeClient) -> bool {
        let status = client.worker(self.id).await.unwrap().status;
        match self.said.stop {
            Stop::Accepted => assert_eq!(status, Status::Stopped, "{} was stopped", self.id),
            Stop::Not => assert_eq!(status, Status::Idle, "{}", self.id),
            // it was under way when the runtime was killed
            Stop::Unsure => {}
        }
        status == Status::Stopped
    }
}

/// Says something, its text being its key.
pub async fn send(client: &RuntimeClient, worker: WorkerId, text: &str) -> Result<RunId, yoi_client::Error> {
    let input = SendInput { content: vec![Part::text(text)], idempotency_key: Some(text.to_owned()) };
    client.input(worker, &input).await.map(|accepted| accepted.run_id)
}
