//! When a worker is at rest.
//!
//! Owns the rule of `--until-idle`: what existed has been delivered, no run is under way, and the
//! worker is idle, stopped or failed.

use crate::failure::Failure;
use protocol::{EventKind, Outcome, Status};
use yoi_client::{Follow, RuntimeClient, Update};

/// Whether to go on.
#[derive(Debug)]
pub enum Verdict {
    /// The worker is not at rest.
    GoOn,
    /// It is, and this is how its last run went.
    Rest(Result<(), Failure>),
}

/// What is known of a worker's rest.
#[derive(Debug, Default)]
pub struct Rest {
    ready: bool,
    status: Option<Status>,
    running: bool,
    /// Of the last run that ended under our eyes.
    outcome: Option<Outcome>,
}

impl Rest {
    /// Takes note of an update, asking the server where the stream did not say.
    pub async fn update(
        &mut self,
        update: &Update,
        client: &RuntimeClient,
        follow: &Follow,
    ) -> Result<Verdict, Failure> {
        self.note(update);
        if matches!(update, Update::Ready { .. }) && self.status.is_none() {
            // begun from a cursor: nothing came that tells the status
            let detail = client.worker(follow.worker()).await?;
            // where they differ, more comes, or a heartbeat
            if detail.cursor.as_deref() == follow.cursor() {
                self.status = Some(detail.status);
                self.running = detail.run.is_some();
            }
        }
        Ok(self.verdict())
    }

    fn note(&mut self, update: &Update) {
        match update {
            Update::Ready { .. } => self.ready = true,
            Update::Heartbeat(heartbeat) if self.status.is_none() && heartbeat.lag_events == 0 => {
                self.status = Some(heartbeat.worker.clone());
            }
            Update::Event(received) => match received.event.kind() {
                Some(EventKind::Snapshot(state)) => {
                    self.status = Some(state.status.clone());
                    self.running = state.run.is_some();
                }
                Some(EventKind::StatusChanged { status, .. }) => self.status = Some(status.clone()),
                Some(EventKind::RunStarted { .. }) => self.running = true,
                Some(EventKind::RunFinished { outcome, .. }) => {
                    self.running = false;
                    self.outcome = Some(outcome.clone());
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn verdict(&self) -> Verdict {
        if !self.ready || self.running {
            return Verdict::GoOn;
        }
        match (&self.status, &self.outcome) {
            (Some(Status::Failed), _) => Verdict::Rest(Err(Failure::Worker)),
            (Some(Status::Idle | Status::Stopped), None | Some(Outcome::Completed)) => Verdict::Rest(Ok(())),
            (Some(Status::Idle | Status::Stopped), Some(outcome)) => Verdict::Rest(Err(Failure::Run(outcome.clone()))),
            _ => Verdict::GoOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{AnyEvent, EventFrame, WorkerId};
    use serde_json::value::RawValue;
    use yoi_client::Received;

    fn event(body: &str) -> Update {
        let json = format!(r#"{{{body},"at":"2026-01-01T00:00:00.000Z"}}"#);
        let event = AnyEvent::from_json(&json).unwrap();
        let raw = RawValue::from_string(json).unwrap();
        let worker_id = WorkerId::from_parts(1, 2);
        let frame = EventFrame { cursor: "c".into(), runtime_id: None, worker_id, event: raw };
        Update::Event(Box::new(Received { frame, event }))
    }

    fn status(status: &str) -> Update {
        event(&format!(r#""type":"status_changed","status":"{status}""#))
    }

    fn run_finished(outcome: &str) -> Update {
        event(&format!(r#""type":"run_finished","run_id":"r_01jd3v5k9m8q2r4t6w8y0a1c3e","outcome":"{outcome}""#))
    }

    fn verdicts(updates: &[Update]) -> Vec<Option<u8>> {
        let mut rest = Rest::default();
        let mut verdicts = Vec::new();
        for update in updates {
            rest.note(update);
            verdicts.push(match rest.verdict() {
                Verdict::GoOn => None,
                Verdict::Rest(result) => Some(result.err().map_or(0, |failure| failure.exit_status())),
            });
        }
        verdicts
    }

    #[test]
    fn ends_when_ready_and_at_rest() {
        let ready = || Update::Ready { cursor: None };
        let run = || event(r#""type":"run_started","run_id":"r_01jd3v5k9m8q2r4t6w8y0a1c3e","trigger":"input""#);
        assert_eq!(verdicts(&[status("idle"), ready()]), [None, Some(0)]);
        assert_eq!(verdicts(&[ready(), status("waiting"), status("failed")]), [None, None, Some(9)]);
        assert_eq!(
            verdicts(&[status("running"), ready(), run_finished("completed"), status("idle")]),
            [None, None, None, Some(0)]
        );
        // in whichever order they come
        assert_eq!(verdicts(&[run(), ready(), status("idle"), run_finished("failed")]), [None, None, None, Some(9)]);
        assert_eq!(
            verdicts(&[run(), ready(), run_finished("cancelled"), status("stopped")]),
            [None, None, None, Some(15)]
        );
        assert_eq!(verdicts(&[status("idle"), run(), ready()]), [None, None, None]);
    }
}
