//! Whoever speaks to one worker, through backends that die.
//!
//! Owns saying each thing until it is answered, by one key.

use crate::dice::Dice;
use crate::kill::send;
use protocol::{Code, RunId, WorkerId};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use yoi_client::RuntimeClient;

/// What was said to a worker.
#[derive(Debug, Default)]
pub struct Spoken {
    /// Inputs, and the run of each.
    pub accepted: Vec<(String, RunId)>,
    /// How often one was sent again, because nobody knew what had become of it.
    pub retried: usize,
}

/// Says one thing after the other, each until it is accepted, through any of the backends.
pub async fn speak(
    clients: Vec<RuntimeClient>,
    worker: WorkerId,
    name: String,
    over: watch::Receiver<bool>,
    mut dice: Dice,
) -> Spoken {
    let mut spoken = Spoken::default();
    while !*over.borrow() {
        let (count, every) = (dice.within(1, 200), dice.within(4, 20));
        let text = format!("{count} {every} 0.0{} {name}.{}", dice.within(2, 6), spoken.accepted.len());
        let run = loop {
            let client = &clients[dice.within(0, clients.len())];
            match send(client, worker, &text).await {
                Ok(run) => break run,
                Err(error) if error.code() == Code::WorkerBusy => sleep(dice.millis(5, 30)).await,
                Err(error) => {
                    // what a kill explains, each told by its own name
                    let usual = [Code::RuntimeUnavailable, Code::UpstreamDisconnected, Code::RuntimeTimeout];
                    assert!(usual.contains(&error.code()), "{error:?}");
                    spoken.retried += 1;
                    sleep(Duration::from_millis(20)).await;
                }
            }
        };
        spoken.accepted.push((text, run));
    }
    spoken
}
