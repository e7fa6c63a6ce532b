//! `yoi watch`.
//!
//! Owns the way from a stream to the terminal: the worker on stdout, the connection on stderr.

use super::connection::Connection;
use super::rest::{Rest, Verdict};
use crate::args::WatchArgs;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::render::Renderer;
use crate::server::Found;
use protocol::{Frame, RuntimeId, WorkerId};
use std::io::IsTerminal;
use yoi_client::{FollowOptions, Update};

/// Follows a worker until it is at rest, deleted, or for ever.
pub async fn watch(found: &Found, output: Output, args: WatchArgs) -> Result<(), Failure> {
    let options = FollowOptions { cursor: args.from_cursor, ..FollowOptions::default() };
    let mut follow = found.on.follow(found.worker, options);
    let mut view = View::new(found, output, if args.raw { Shape::Events } else { Shape::of(output.form) });
    let mut rest = Rest::default();
    while let Some(update) = follow.next().await {
        let update = update?;
        view.show(&update)?;
        if args.until_idle
            && let Verdict::Rest(result) = rest.update(&update, &found.on, &follow).await?
        {
            follow.close().await;
            return result;
        }
    }
    Ok(())
}

/// What stdout is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text for people.
    Text,
    /// Every frame, one a line.
    Frames,
    /// The JSON of every event, one a line.
    Events,
}

impl Shape {
    /// The shape for a form.
    pub fn of(form: Form) -> Shape {
        match form {
            Form::Text => Shape::Text,
            Form::Json => Shape::Frames,
        }
    }
}

/// Shows a stream.
pub struct View {
    /// As frames name it: absent where the runtime is asked by itself.
    runtime: Option<RuntimeId>,
    worker: WorkerId,
    output: Output,
    shape: Shape,
    renderer: Renderer,
    connection: Connection,
}

impl View {
    /// A view of a worker.
    pub fn new(found: &Found, output: Output, shape: Shape) -> View {
        let runtime = found.on.runtime_id().cloned();
        let renderer = Renderer::new(found.worker, output.look);
        let connection = Connection::new(runtime.clone());
        View { runtime, worker: found.worker, output, shape, renderer, connection }
    }

    /// Shows an update.
    pub fn show(&mut self, update: &Update) -> Result<(), Failure> {
        match (self.shape, update) {
            (Shape::Text, Update::Event(received)) => self.output.text(&self.renderer.event(&received.event))?,
            (Shape::Events, Update::Event(received)) => self.output.json_line(received.raw())?,
            (Shape::Frames, update) => {
                if let Some(frame) = frame(update, self.runtime.as_ref(), self.worker) {
                    let json = serde_json::to_string(&frame).map_err(|e| Failure::stdout(e.into()))?;
                    self.output.json_line(&json)?;
                }
            }
            _ => {}
        }
        if let Some(words) = self.connection.words(update) {
            if self.shape == Shape::Text && std::io::stdout().is_terminal() {
                self.output.text(&self.renderer.break_line())?;
            }
            self.output.tell(&words);
        }
        Ok(())
    }
}

/// The frame that an update came in; nothing where it came in none.
fn frame(update: &Update, runtime_id: Option<&RuntimeId>, worker_id: WorkerId) -> Option<Frame> {
    let runtime_id = runtime_id.cloned();
    Some(match update {
        Update::Event(received) => Frame::Event(received.frame.clone()),
        Update::Ready { cursor } => Frame::Ready { cursor: cursor.clone(), runtime_id, worker_id },
        Update::Heartbeat(heartbeat) => Frame::Heartbeat((**heartbeat).clone()),
        Update::Link { state, lost } => {
            Frame::Link { cursor: None, runtime_id, worker_id, state: state.clone(), lost: *lost }
        }
        Update::Diagnostic(diagnostic) => Frame::Diagnostic {
            cursor: None,
            runtime_id,
            worker_id: Some(worker_id),
            diagnostic: (**diagnostic).clone(),
        },
        Update::Disconnected { .. } | Update::Reconnected => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{AnyEvent, EventFrame};
    use serde_json::value::RawValue;
    use yoi_client::Received;

    #[test]
    fn a_frame_keeps_the_bytes_of_its_event() {
        let worker_id = WorkerId::from_parts(1, 2);
        let json = r#"{"type":"of_tomorrow", "n": 1.50}"#;
        let frame_ = EventFrame {
            cursor: "c".into(),
            runtime_id: None,
            worker_id,
            event: RawValue::from_string(json.into()).unwrap(),
        };
        let event = AnyEvent::from_json(json).unwrap();
        let update = Update::Event(Box::new(Received { frame: frame_, event }));
        let line = serde_json::to_string(&frame(&update, None, worker_id).unwrap()).unwrap();
        assert_eq!(line, format!(r#"{{"kind":"event","cursor":"c","worker_id":"{worker_id}","event":{json}}}"#));
    }
}
