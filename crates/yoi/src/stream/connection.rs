//! The state of the connection in words.
//!
//! Owns the words for three things told apart: this connection, the server's link to its runtime,
//! and what the worker does, of which the first two say nothing.

use protocol::{Action, LinkState, RuntimeId};
use yoi_client::Update;

/// What is known of the two connections that are between us and a worker.
pub struct Connection {
    /// The runtime's name, where it is reached through a backend.
    runtime: Option<RuntimeId>,
    /// Whether the backend reaches it, as far as it was told.
    link: LinkState,
}

impl Connection {
    /// Nothing is known to be wrong yet.
    pub fn new(runtime: Option<RuntimeId>) -> Connection {
        Connection { runtime, link: LinkState::Up }
    }

    /// What an update says about the connections; nothing where it is about the worker.
    pub fn words(&mut self, update: &Update) -> Option<String> {
        Some(match update {
            Update::Disconnected { reason, retry_in } => {
                let wait = retry_in.as_secs_f32();
                format!("connection: {reason}; connecting again in {wait:.1} s. The worker is not affected.")
            }
            Update::Reconnected => "connection: made again; what was missed follows".to_owned(),
            Update::Link { state, lost } => {
                self.link = state.clone();
                self.link_words(if *lost { "; some events were lost" } else { "; nothing was lost" })
            }
            // whoever connects during an outage is told of it by this alone
            Update::Heartbeat(heartbeat) if heartbeat.link != self.link => {
                self.link = heartbeat.link.clone();
                self.link_words("")
            }
            Update::Diagnostic(diagnostic) => {
                let next = match diagnostic.action {
                    Action::Resnapshot => "; going on from a snapshot",
                    Action::Wait => "; it is tried again",
                    _ => "",
                };
                format!("server: {} ({}){next}", diagnostic.message, diagnostic.code)
            }
            Update::Event(_) | Update::Ready { .. } | Update::Heartbeat(_) => return None,
        })
    }

    fn link_words(&self, lost: &str) -> String {
        let runtime = self.runtime.as_ref().map_or("its runtime".to_owned(), |id| format!("the runtime {id}"));
        match self.link {
            LinkState::Up => format!("link: the server reaches {runtime} again{lost}"),
            _ => format!("link: the server does not reach {runtime} now; what the worker does is not known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Code, Diagnostic, HeartbeatFrame, Status, WorkerId};
    use std::time::Duration;
    use yoi_client::Error;

    #[test]
    fn worker_link_and_connection_are_told_apart() {
        let heartbeat = |link| {
            Update::Heartbeat(Box::new(HeartbeatFrame {
                cursor: None,
                runtime_id: None,
                worker_id: WorkerId::from_parts(1, 2),
                worker: Status::Running,
                link,
                lag_events: 0,
                oldest: None,
            }))
        };
        let mut connection = Connection::new(Some("far".parse().unwrap()));
        let told: Vec<String> = [
            heartbeat(LinkState::Up),
            Update::Link { state: LinkState::Down, lost: false },
            Update::Diagnostic(Box::new(Diagnostic::new(Code::RuntimeUnavailable, "far cannot be reached"))),
            heartbeat(LinkState::Down),
            Update::Disconnected {
                reason: Error::Disconnected { reason: "reset".into() },
                retry_in: Duration::from_millis(250),
            },
            Update::Reconnected,
            heartbeat(LinkState::Up),
            Update::Link { state: LinkState::Up, lost: true },
            Update::Diagnostic(Box::new(Diagnostic::new(Code::Lagged, "fell behind"))),
            Update::Ready { cursor: None },
        ]
        .iter()
        .filter_map(|update| connection.words(update))
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        link: the server does not reach the runtime far now; what the worker does is not known
        server: far cannot be reached (runtime_unavailable); it is tried again
        connection: the connection was lost: reset; connecting again in 0.2 s. The worker is not affected.
        connection: made again; what was missed follows
        link: the server reaches the runtime far again
        link: the server reaches the runtime far again; some events were lost
        server: fell behind (lagged); going on from a snapshot
        "#);
    }
}
