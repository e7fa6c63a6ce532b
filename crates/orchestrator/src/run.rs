//! Handing out: which ticket is next, and how many at once.
//!
//! Owns the loop. Nothing here is remembered beyond what is under way: each look begins with the
//! records.

use crate::attempt::Context;
use crate::desk::Desk;
use crate::error::Error;
use crate::git::Git;
use crate::options::{Mode, Options};
use crate::progress::{Ending, Progress, Summary, TicketEnd};
use crate::waiting::{Depth, survey};
use crate::workers::Workers;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeSet;
use ticket::{Id, Store};
use tokio_util::sync::CancellationToken;

/// Hands out tickets until nothing can be begun any more, or, watching, until it is cancelled.
/// Where it is cancelled, no more is begun, and what is under way is left or ended as the options say.
///
/// Dropping the future is being killed: whatever was begun is gone on with by the next call.
///
/// # Errors
/// When the options cannot be used, or the store or git cannot be read at all. What fails about one
/// ticket is told, and the others go on.
pub async fn run<W: Workers>(
    store: Store,
    git: Git,
    workers: &W,
    options: &Options,
    cancel: CancellationToken,
    events: impl Fn(Progress) + Sync,
) -> Result<Summary, Error> {
    options.check()?;
    let desk = Desk::new(store);
    let context =
        Context { desk: desk.clone(), git: git.clone(), workers, options, cancel: cancel.clone(), events: &events };
    let mut under_way: FuturesUnordered<BoxFuture<'_, (Id, Result<TicketEnd, Error>)>> = FuturesUnordered::new();
    let mut busy: BTreeSet<Id> = BTreeSet::new();
    // those that failed or were taken: not looked at again before the next round
    let mut aside: BTreeSet<Id> = BTreeSet::new();
    let mut summary = Summary::default();
    loop {
        if !cancel.is_cancelled() {
            let enough = options.capacity + busy.len() + aside.len();
            let seen = survey(&desk, &git, options, Depth::Work(enough)).await?;
            let is_free = |id: &Id, busy: &BTreeSet<Id>| !busy.contains(id) && !aside.contains(id);
            for id in seen.ours {
                if busy.len() < options.capacity && is_free(&id, &busy) {
                    busy.insert(id);
                    let context = &context;
                    under_way.push(Box::pin(async move { (id, context.resume(id).await) }));
                }
            }
            for ready in seen.ready {
                if busy.len() < options.capacity && is_free(&ready.id, &busy) {
                    let id = ready.id;
                    busy.insert(id);
                    let context = &context;
                    under_way.push(Box::pin(async move { (id, context.begin(ready).await) }));
                }
            }
        }
        let ended = match options.mode {
            _ if cancel.is_cancelled() => under_way.next().await,
            Mode::Once => under_way.next().await,
            Mode::Watch(every) => tokio::select! {
                Some(ended) = under_way.next() => Some(ended),
                () = cancel.cancelled() => continue,
                () = tokio::time::sleep(every) => {
                    aside.clear();
                    continue;
                }
            },
        };
        let Some((id, ended)) = ended else { break };
        busy.remove(&id);
        match ended {
            Ok(end) => {
                if matches!(end.ending, Ending::Taken | Ending::Left) {
                    aside.insert(id);
                }
                events(Progress::Ended(end.clone()));
                summary.ended.push(end);
                // a watch may go on for months
                let old = summary.ended.len().saturating_sub(1000);
                summary.ended.drain(..old);
            }
            Err(error) => {
                aside.insert(id);
                let message = crate::text::line(&error.to_string(), 1000);
                summary.failed.retain(|(failed, _)| *failed != id);
                summary.failed.push((id, message.clone()));
                events(Progress::Failed { ticket: id, code: error.code(), message, hint: error.hint() });
            }
        }
    }
    drop(under_way);
    summary.waiting = survey(&desk, &git, options, Depth::All).await?.waiting;
    Ok(summary)
}
