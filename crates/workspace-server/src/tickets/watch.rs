//! Looking for changes of tickets, by whomever they are made.
//!
//! Owns one task for all who watch: it looks while there is somebody, and once more when somebody
//! comes, so that what happened meanwhile is told to whoever resumes. Must not read a ticket.

use super::{Tickets, shown};
use crate::summary::Summary;
use protocol::TicketId;
use std::sync::{Arc, Weak};
use std::time::Duration;
use ticket::store::Fingerprint;
use tokio::time::{Instant, sleep};

/// Looking takes at most this part of the time.
const SHARE: u32 = 10;
/// What changes is looked at again after this time, so often at most, until it rests: an editor, a
/// checkout and an operation write one file after another.
const REST: Duration = Duration::from_millis(25);
const LOOKS: usize = 40;
/// The most tickets that are named in one event; where there are more, all are to be looked at.
const MOST_NAMED: usize = 100;

/// Tells in the workspace's stream which tickets have changed, until the stream is no more.
pub(crate) async fn watch(tickets: Arc<Tickets>, summary: Weak<Summary>) {
    let Some(mut viewers) = summary.upgrade().map(|summary| summary.viewers()) else { return };
    let mut known = tickets.fingerprint().await.unwrap_or_default();
    loop {
        if viewers.wait_for(|n| *n > 0).await.is_err() {
            return;
        }
        let begun = Instant::now();
        if let Some(ticket_ids) = difference(&tickets, &mut known).await {
            let Some(summary) = summary.upgrade() else { return };
            summary.saw_tickets(ticket_ids).await;
        }
        tokio::select! {
            () = sleep(tickets.interval.max(begun.elapsed() * SHARE)) => {}
            () = tickets.written.notified() => {}
        }
    }
}

/// What is not as it was; nothing where everything is.
async fn difference(tickets: &Tickets, known: &mut Fingerprint) -> Option<Vec<TicketId>> {
    let mut now = look(tickets).await?;
    for _ in 0..LOOKS {
        if now == *known {
            return None;
        }
        sleep(REST).await;
        let next = look(tickets).await?;
        let rests = next == now && !next.is_under_way();
        now = next;
        if rests {
            break;
        }
    }
    let changed = now.changed_since(known);
    *known = now;
    match changed.len() {
        0 => None,
        1..=MOST_NAMED => Some(changed.into_iter().filter_map(shown::wire_id).collect()),
        _ => Some(Vec::new()),
    }
}

async fn look(tickets: &Tickets) -> Option<Fingerprint> {
    let looked = tickets.fingerprint().await;
    looked.inspect_err(|error| tracing::debug!(%error, "the tickets cannot be looked at")).ok()
}
