//! What is done outside the loop.
//!
//! Owns a task for the workspace, one for each worker that is followed, and one for each call under way.
//! They all say what they hear into the loop's one channel, and end with it.

use crate::backend::{Backend, WorkerKey};
use crate::model::older::PAGE;
use crate::update::{Effect, Message};
use futures_util::{Stream, StreamExt};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio::task::{AbortHandle, JoinSet};

/// The tasks. Dropping them ends them.
pub struct Tasks {
    backend: Arc<dyn Backend>,
    sender: Sender<Message>,
    tasks: JoinSet<()>,
    followed: HashMap<u64, AbortHandle>,
}

impl Tasks {
    /// Follows the workspace, and does what it is asked.
    pub fn new(backend: Arc<dyn Backend>, sender: Sender<Message>) -> Tasks {
        let mut tasks = JoinSet::new();
        tasks.spawn(forward(backend.follow_workspace(), sender.clone(), Message::Workspace));
        Tasks { backend, sender, tasks, followed: HashMap::new() }
    }

    /// Does what is asked; what is the screen's is not asked here.
    pub fn perform(&mut self, effect: Effect) {
        // those that are done make room
        while self.tasks.try_join_next().is_some() {}
        match effect {
            Effect::Follow { worker, follow } => {
                let news = self.backend.follow_worker(&worker);
                let mark = move |news| Message::Worker { follow, news };
                let task = self.tasks.spawn(forward(news, self.sender.clone(), mark));
                self.followed.insert(follow, task);
            }
            Effect::Unfollow(follow) => {
                if let Some(task) = self.followed.remove(&follow) {
                    task.abort();
                }
            }
            Effect::Older { worker, follow, before } => self.older(worker, follow, before),
            Effect::Command { worker, command } => {
                let (backend, sender) = (Arc::clone(&self.backend), self.sender.clone());
                self.tasks.spawn(async move {
                    let answer = backend.command(&worker, &command).await;
                    say(&sender, Message::Done { worker, command, answer }).await;
                });
            }
            Effect::Copy(_) | Effect::Redraw | Effect::Quit => {}
        }
    }

    fn older(&mut self, worker: WorkerKey, follow: u64, before: Option<String>) {
        let (backend, sender) = (Arc::clone(&self.backend), self.sender.clone());
        self.tasks.spawn(async move {
            let answer = backend.transcript(&worker, before.as_deref(), PAGE).await;
            say(&sender, Message::Older { follow, before, answer }).await;
        });
    }
}

async fn forward<N>(
    mut news: impl Stream<Item = N> + Unpin,
    sender: Sender<Message>,
    mark: impl Fn(N) -> Message + Send,
) {
    while let Some(each) = news.next().await {
        if sender.send(mark(each)).await.is_err() {
            return;
        }
    }
}

/// Nobody hears it where the console has been left.
async fn say(sender: &Sender<Message>, message: Message) {
    let _ = sender.send(message).await;
}
