//! `yoi worker input --follow`.
//!
//! Owns saying something and following the run that this begins: the stream is there before the
//! words are sent, so that nothing of the run is missed.

use super::watch::{Shape, View};
use crate::failure::Failure;
use crate::output::Output;
use crate::server::Found;
use protocol::api::SendInput;
use protocol::{EventKind, Outcome, RunId};
use yoi_client::{FollowOptions, Update};

/// Says `input` to a worker and follows the run to its end.
pub async fn say_and_follow(found: &Found, output: Output, input: &SendInput) -> Result<(), Failure> {
    let Found { on, worker } = found;
    let cursor = on.worker(*worker).await?.cursor;
    let mut follow = on.follow(*worker, FollowOptions { cursor, ..FollowOptions::default() });
    let mut view = View::new(found, output, Shape::of(output.form));
    let mut run = None;
    while let Some(update) = follow.next().await {
        let update = update?;
        view.show(&update)?;
        if matches!(update, Update::Ready { .. }) && run.is_none() {
            run = Some(on.input(*worker, input).await?.run_id);
        }
        if let Some(end) = run.and_then(|run| end(&update, run)) {
            follow.close().await;
            return end;
        }
    }
    Ok(())
}

/// How the run ended, where this says that it did.
pub(super) fn end(update: &Update, run: RunId) -> Option<Result<(), Failure>> {
    let Update::Event(received) = update else { return None };
    match received.event.kind()? {
        EventKind::RunFinished { run_id, outcome: Outcome::Completed, .. } if *run_id == run => Some(Ok(())),
        EventKind::RunFinished { run_id, outcome, .. } if *run_id == run => Some(Err(Failure::Run(outcome.clone()))),
        // a snapshot in place of what was missed, the end of the run among it
        EventKind::Snapshot(state) if state.run.as_ref().is_none_or(|now| now.run_id != run) => {
            Some(Err(Failure::RunUnknown))
        }
        _ => None,
    }
}
