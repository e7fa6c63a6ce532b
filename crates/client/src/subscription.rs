//! The stream of a worker over one connection, as it comes.
//!
//! Owns reading frames in batches, each event's bytes untouched. It neither reconnects nor drops
//! what came before: whoever mirrors a stream does that by the positions it keeps.

use crate::error::Error;
use crate::query;
use crate::raw_frame::RawFrame;
use crate::server::Server;
use crate::socket::{Incoming, Socket};
use protocol::{Coalesce, Mode, OnGap};
use reqwest::Url;
use std::sync::Arc;

/// The most frames of one batch.
const BATCH: usize = 1024;

/// What a connection is to bring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// Start after this event; with a snapshot where absent.
    pub cursor: Option<String>,
    /// What to do with a cursor that cannot be resumed from.
    pub on_gap: OnGap,
    /// Whether deltas may be merged.
    pub coalesce: Coalesce,
    /// What to send first.
    pub mode: Mode,
}

impl SubscribeOptions {
    pub(crate) fn add_query(&self, url: &mut Url) {
        query::add(url, self.cursor.as_deref(), self.mode, self.on_gap, self.coalesce);
    }
}

/// One open connection. Dropping it ends it.
pub struct Subscription {
    socket: Socket,
    /// What ended it, once what came before has been taken.
    end: Option<Error>,
}

impl Subscription {
    pub(crate) async fn connect(server: Arc<Server>, url: Url) -> Result<Subscription, Error> {
        Ok(Subscription { socket: Socket::connect(server, url).await?, end: None })
    }

    /// Waits for a frame and appends it to `into`, with all that is there already, at most 1,024.
    ///
    /// May be dropped before it is done, as in `select!`, and called again: nothing is lost.
    /// A frame of a kind that this version does not know is passed over.
    ///
    /// # Errors
    /// Once the connection is over: lost, silent for too long, closed by the server (after
    /// [`RawFrame::Closed`]), or bringing what is no frame. It stays over.
    pub async fn receive(&mut self, into: &mut Vec<RawFrame>) -> Result<(), Error> {
        let before = into.len();
        while into.len() == before {
            if let Some(error) = &self.end {
                return Err(error.clone());
            }
            // the one place to wait, and nothing has been taken yet
            let first = self.socket.receive().await;
            self.take(first, into);
            while self.end.is_none()
                && into.len() - before < BATCH
                && let Some(more) = self.socket.at_hand()
            {
                self.take(more, into);
            }
        }
        Ok(())
    }

    /// Says goodbye to the server.
    pub async fn close(self) {
        self.socket.close().await;
    }

    fn take(&mut self, incoming: Result<Incoming, Error>, into: &mut Vec<RawFrame>) {
        match incoming {
            Ok(Incoming::Text(text)) => match RawFrame::from_json(&text) {
                Ok(frame) => into.extend(frame),
                Err(error) => self.end = Some(error),
            },
            Ok(Incoming::Closed(frame)) => {
                let code = frame.map(|frame| u16::from(frame.code));
                into.push(RawFrame::Closed { code });
                self.end = Some(Error::Disconnected { reason: "the server closed the connection".to_owned() });
            }
            Err(error) => self.end = Some(error),
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("end", &self.end).finish_non_exhaustive()
    }
}
