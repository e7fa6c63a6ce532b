//! What a runtime is busy with when it is killed.
//!
//! Owns the tasks that drive and observe it, and what they were told before the end.

use super::ledger::Witness;
use super::{AGE, Live, World, send};
use crate::dice::Dice;
use crate::serving::Serving;
use crate::tap::{Got, Tap};
use protocol::api::CreateWorker;
use protocol::{Code, RunId, WorkerId};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinHandle;
use yoi_client::RuntimeClient;

/// Whether a worker is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stop {
    /// Nobody asked.
    #[default]
    Not,
    /// Somebody asked, and there was no answer.
    Unsure,
    /// It is.
    Accepted,
}

/// What was said to a worker.
#[derive(Debug, Default)]
pub struct Said {
    /// Inputs that were acknowledged, and the run of each.
    pub accepted: Vec<(String, RunId)>,
    /// Inputs that were sent and never answered.
    pub unsure: Vec<String>,
    /// Whether it was stopped.
    pub stop: Stop,
}

/// Everything that is under way.
pub struct Load {
    driving: Vec<JoinHandle<Said>>,
    watching: Vec<Vec<JoinHandle<Witness>>>,
    birth: JoinHandle<Option<(WorkerId, bool)>>,
}

impl Load {
    /// Begins to drive and watch all workers.
    pub fn begin(serving: &Serving, live: &[Live], round: usize, dice: &mut Dice) -> Load {
        let (mut driving, mut watching) = (Vec::new(), Vec::new());
        for (at, worker) in live.iter().enumerate() {
            let stop = (worker.rounds + at >= AGE).then(|| dice.millis(0, 200));
            let driver = drive(serving.client(), worker.id, format!("{round}.{at}"), stop, dice.fork());
            driving.push(tokio::spawn(driver));
            let events = worker.ledger.events();
            let mut observers = Vec::new();
            for observer in 0..if at == 0 { 3 } else { 2 } {
                // from where it was left, from anywhere, and from a snapshot
                let cursor = match observer {
                    0 => Some(events.last().map_or(worker.ledger.base(), |told| &told.cursor)),
                    1 if !events.is_empty() => Some(events[dice.within(0, events.len())].cursor.as_str()),
                    _ => None,
                };
                observers.push(tokio::spawn(observe(serving.address, worker.id, cursor.map(str::to_owned))));
            }
            watching.push(observers);
        }
        let id = WorkerId::from_parts(1_700_000_000_000 + round as u64, u128::from(dice.next()));
        let after = dice.once_in(3).then(|| dice.millis(0, 250));
        let birth = tokio::spawn(bear(serving.client(), id, after));
        Load { driving, watching, birth }
    }

    /// Gathers what everybody was told, after the kill.
    pub async fn end(self, world: &mut World) {
        for ((driver, observers), live) in self.driving.into_iter().zip(self.watching).zip(&mut world.live) {
            live.rounds += 1;
            live.said = driver.await.unwrap();
            for observer in observers {
                live.witnesses.push(observer.await.unwrap());
            }
        }
        world.born.extend(self.birth.await.unwrap());
    }
}

/// Says one thing after the other to a worker, until there is nobody to say it to.
async fn drive(client: RuntimeClient, worker: WorkerId, name: String, stop: Option<Duration>, mut dice: Dice) -> Said {
    let mut said = Said::default();
    let stopping = async {
        match stop {
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
        client.stop(worker).await
    };
    let talking = async {
        for n in 0.. {
            let text = format!("{} {} 0.00{} {name}.{n}", dice.within(1, 400), dice.within(10, 100), dice.within(1, 9));
            loop {
                match send(&client, worker, &text).await {
                    Ok(run) => break said.accepted.push((text, run)),
                    Err(error) if error.code() == Code::WorkerBusy => {
                        tokio::time::sleep(Duration::from_millis(2)).await
                    }
                    Err(error) if error.code() == Code::WorkerStopped => return,
                    Err(_) => return said.unsure.push(text),
                }
            }
        }
    };
    let ((), accepted) = tokio::join!(talking, async {
        tokio::select! {
            stopped = stopping => stopped.is_ok(),
            () = gone(&client) => false,
        }
    });
    said.stop = match (stop, accepted) {
        (None, _) => Stop::Not,
        (Some(_), true) => Stop::Accepted,
        (Some(_), false) => Stop::Unsure,
    };
    said
}

/// Ends when the runtime is gone.
async fn gone(client: &RuntimeClient) {
    while client.info().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Writes down everything that an observer is told, until the connection ends.
async fn observe(address: SocketAddr, worker: WorkerId, cursor: Option<String>) -> Witness {
    let query = cursor.as_ref().map_or(String::new(), |cursor| format!("cursor={cursor}&")) + "coalesce=off";
    let mut witness = Witness::default();
    let Ok(mut tap) = Tap::connect(address, worker, &query).await else { return witness };
    witness.after = cursor;
    loop {
        match tap.take().await {
            Got::Event(told) if told.is_snapshot() => {
                assert!(witness.after.is_none(), "a snapshot in place of what was missed");
                witness.after = Some(told.cursor);
            }
            Got::Event(told) => witness.events.push(told),
            Got::Ready(_) => {}
            Got::Diagnostic(diagnostic) => panic!("{diagnostic:?}"),
            Got::Closed(_) | Got::Lost => return witness,
        }
    }
}

/// Makes a worker after a while; whether that was acknowledged.
async fn bear(client: RuntimeClient, worker: WorkerId, after: Option<Duration>) -> Option<(WorkerId, bool)> {
    tokio::time::sleep(after?).await;
    let request = CreateWorker { worker_id: Some(worker), profile: Some("stream".into()), ..CreateWorker::default() };
    Some((worker, client.create(&request).await.is_ok()))
}
