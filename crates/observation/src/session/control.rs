//! What only a session on a socket is told: refusals, control frames, closing, being full.
//!
//! Owns these words of the socket to the session. Must not touch the socket.

use super::{Phase, Session, Source, diagnostic_frame};
use crate::attach::Coalesce;
use crate::framing::Framing;
use bytes::Bytes;
use protocol::{Diagnostic, Envelope};

/// The most frames of its own that wait while the transport adds to them.
const MAX_QUEUED: usize = 16;

impl Session {
    /// A session that only tells `diagnostic` and is closed.
    pub fn refused(framing: Framing, envelope: &Envelope, diagnostic: &Diagnostic) -> Session {
        let mut session = Session::empty(Source::Nothing, Coalesce::On);
        let frame = diagnostic_frame(framing, envelope, None, diagnostic);
        session.own.push_back(frame.into());
        session.finish(framing, diagnostic);
        session
    }

    /// Ends the session at the next frame with a close frame alone: the answer to the peer's own
    /// (RFC 6455 §5.5.1), or to an error of its framing.
    pub fn close(&mut self, code: u16, reason: &str) {
        if self.phase != Phase::Ending {
            self.own.clear();
            self.push_close(Framing::WebSocket, code, reason);
        }
    }

    /// Queues a control frame of the transport, such as a pong. At most a few are ever queued;
    /// beyond that the newest pong stands for those before it (RFC 6455 §5.5.3).
    pub fn push_control(&mut self, frame: Bytes) {
        if self.phase == Phase::Ending {
            return;
        }
        if self.own.len() < MAX_QUEUED {
            self.own.push_back(frame.into());
        } else if let Some(last) = self.own.back_mut().filter(|last| last.is_pong()) {
            *last = frame.into();
        }
    }

    /// Whether nothing but what is queued will be sent.
    pub fn is_ending(&self) -> bool {
        self.phase == Phase::Ending
    }

    /// The code it is or was closed with.
    pub fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    /// Its socket took less than there was.
    pub fn was_blocked(&mut self) {
        self.blocked = true;
    }

    /// Its socket took everything up to the newest event.
    pub fn caught_up(&mut self) {
        self.blocked = false;
    }
}
