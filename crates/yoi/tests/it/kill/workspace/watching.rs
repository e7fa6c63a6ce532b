//! The clients of one worker, of every kind, through backends that die.
//!
//! Owns how each of them connects, resumes and gives up. What they are told goes into their records.

use super::account::{Merged, Record, Shared};
use crate::dice::Dice;
use crate::stage::viewer::{Subject, Viewer, Wire, Word};
use crate::tap::Told;
use protocol::LinkState;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use yoi_client::{Coalesce, First, Folded, FollowOptions, RuntimeClient, Update};

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(30);
/// How long clients have for what is left, once nobody dies any more.
const CATCH_UP: Duration = Duration::from_secs(60);

/// The event at which all are done, once there is one.
pub type Goal = watch::Receiver<Option<String>>;

/// When a client leaves, and when it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// It stays while it can, and comes back at once.
    Faithful,
    /// It also leaves by itself, and may stay away for a while.
    Restless,
    /// It leaves with its first event, and comes back when all is over.
    Late,
}

/// A client of our own make, which keeps its own books.
pub struct Raw {
    /// For whoever reads a failure.
    pub name: &'static str,
    /// How it connects.
    pub wire: Wire,
    /// Where: one after the other.
    pub backends: Vec<SocketAddr>,
    /// How long it stays.
    pub stay: Stay,
}

impl Raw {
    /// Watches until the goal is reached.
    pub async fn watch(self, subject: Subject, shared: Arc<Shared>, goal: Goal, mut dice: Dice) -> Record {
        let mut record = Record::new(format!("{} of {}", self.name, subject.runtime), shared, Merged::No);
        let mut cursor = None;
        let watching = async {
            while !is_reached(&goal, cursor.as_deref()) {
                let backend = self.backends[record.connections % self.backends.len()];
                let from = cursor.as_deref().filter(|_| !record.awaits_snapshot());
                let viewer = Viewer::connect(backend, self.wire, &subject, from, "coalesce=off").await;
                record.connections += 1;
                let Some(viewer) = viewer else {
                    sleep(PAUSE).await;
                    continue;
                };
                let leave = (self.stay == Stay::Restless).then(|| dice.millis(20, 1500));
                self.listen(viewer, &mut record, &mut cursor, goal.clone(), leave).await;
                if self.stay == Stay::Late && cursor.is_some() {
                    let _ = goal.clone().wait_for(Option::is_some).await;
                }
                let away = match self.stay {
                    Stay::Restless if dice.once_in(3) => dice.millis(200, 2000),
                    _ => PAUSE,
                };
                sleep(away).await;
            }
        };
        by_the_end(&goal, watching).await.unwrap_or_else(|| panic!("{}: is not told everything", record.name));
        record
    }

    /// One connection, until it ends, the client leaves, or all is told.
    async fn listen(
        &self,
        mut viewer: Viewer,
        record: &mut Record,
        cursor: &mut Option<String>,
        mut goal: Goal,
        leave: Option<Duration>,
    ) {
        let leaving = async {
            match leave {
                Some(after) => sleep(after).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(leaving);
        let mut link = None;
        let mut ready = false;
        while !is_reached(&goal, cursor.as_deref()) {
            let word = tokio::select! {
                word = viewer.take() => word,
                () = &mut leaving => return,
                _ = goal.changed() => continue,
            };
            match word {
                Word::Event(told) => {
                    record.event(&told);
                    *cursor = Some(told.cursor);
                    if self.stay == Stay::Late && goal.borrow().is_none() {
                        return;
                    }
                }
                Word::Ready(at) => {
                    assert!(!ready, "{}: ready twice", self.name);
                    assert_eq!(at, *cursor, "{}: `ready` is not about what was sent", self.name);
                    ready = true;
                }
                Word::Link { state, lost } => {
                    assert!(!lost, "{}: a kill loses no event", self.name);
                    assert!(link.replace(state.clone()).as_ref() != Some(&state), "{}: {state} twice", self.name);
                }
                Word::Diagnostic(diagnostic) => record.diagnostic(&diagnostic),
                Word::Heartbeat(_) => {}
                Word::Lost => return,
                Word::Closed(code) => panic!("{}: nobody closes here, and it was {code}", self.name),
            }
        }
    }
}

/// Follows with `yoi_client` until the goal is reached; what it was told, and what that folds to.
pub async fn follow(
    client: RuntimeClient,
    subject: Subject,
    shared: Arc<Shared>,
    mut goal: Goal,
    coalesce: Coalesce,
) -> (Record, Folded) {
    let merged = if coalesce == Coalesce::Off { Merged::No } else { Merged::Maybe };
    let name = format!("a follower of {}, {coalesce:?}", subject.runtime);
    let mut record = Record::new(name, shared, merged);
    let mut folded = Folded::default();
    let options = FollowOptions { first: First::Retry, coalesce, ..FollowOptions::default() };
    let mut follow = client.follow(subject.worker, options);
    let ended = goal.clone();
    let following = async {
        while !is_reached(&goal, follow.cursor()) {
            let update = tokio::select! {
                update = follow.next() => update.expect("it goes on for ever"),
                _ = goal.changed() => continue,
            };
            let update = update.unwrap_or_else(|error| panic!("{}: {error:?}", record.name));
            folded.update(&update);
            match update {
                Update::Event(received) => {
                    record.event(&Told { cursor: received.cursor().to_owned(), json: received.raw().into() });
                }
                Update::Diagnostic(diagnostic) => record.diagnostic(&diagnostic),
                Update::Link { lost, state } => {
                    assert!(!lost && matches!(state, LinkState::Up | LinkState::Down), "{}", record.name);
                }
                Update::Disconnected { .. } => record.connections += 1,
                Update::Ready { .. } | Update::Heartbeat(_) | Update::Reconnected => {}
            }
        }
    };
    let done = by_the_end(&ended, following).await;
    done.unwrap_or_else(|| panic!("{}: is not told everything", record.name));
    (record, folded)
}

fn is_reached(goal: &Goal, cursor: Option<&str>) -> bool {
    goal.borrow().as_deref().is_some_and(|goal| Some(goal) == cursor)
}

/// Does something, which is to be over soon after there is a goal.
async fn by_the_end<T>(goal: &Goal, doing: impl Future<Output = T>) -> Option<T> {
    let mut goal = goal.clone();
    tokio::select! {
        done = doing => Some(done),
        () = async {
            let _ = goal.wait_for(Option::is_some).await;
            sleep(CATCH_UP).await;
        } => None,
    }
}
