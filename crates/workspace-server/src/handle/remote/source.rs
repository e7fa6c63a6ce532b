//! A worker's stream from a remote runtime.
//!
//! Owns what its frames are to a mirror, and the check that they are of the stream asked for. Must
//! not connect again.

use crate::handle::failure::Failures;
use crate::handle::identity::Identity;
use crate::handle::{CursorForm, Exchange, HandleError, Incoming, RuntimeCursor, Source};
use futures_util::future::BoxFuture;
use protocol::{Code, WorkerId};
use std::sync::Arc;
use yoi_client::{RawFrame, Subscription};

/// One connection to a worker's stream.
pub(super) struct Subscribed {
    pub failures: Arc<Failures>,
    pub identity: Arc<Identity>,
    pub worker: WorkerId,
    pub subscription: Subscription,
    /// What was read and not passed on yet: a call may be dropped in between.
    pub frames: Vec<RawFrame>,
    /// Why there is nothing more.
    pub over: Option<HandleError>,
}

impl Source for Subscribed {
    fn next<'a>(&'a mut self, into: &'a mut Vec<Incoming>) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let before = into.len();
            while into.len() == before {
                if let Some(over) = &self.over {
                    return Err(over.clone());
                }
                if self.frames.is_empty()
                    && let Err(error) = self.subscription.receive(&mut self.frames).await
                {
                    self.identity.lost();
                    self.over = Some(self.failures.client(error, Exchange::Stream));
                    continue;
                }
                for frame in std::mem::take(&mut self.frames) {
                    match self.incoming(frame) {
                        Ok(incoming) => into.extend(incoming),
                        // what came before it is passed on first
                        Err(over) => {
                            self.over = Some(over);
                            break;
                        }
                    }
                }
            }
            Ok(())
        })
    }
}

impl Subscribed {
    /// What a frame is; nothing where it says nothing about the worker.
    fn incoming(&self, frame: RawFrame) -> Result<Option<Incoming>, HandleError> {
        let none = |form: CursorForm| self.failures.malformed(form);
        Ok(match frame {
            RawFrame::Event { worker_id, .. } if worker_id != self.worker => {
                return Err(self.failures.malformed("an event of another worker"));
            }
            RawFrame::Event { cursor, json, .. } => {
                Some(Incoming::Event { cursor: RuntimeCursor::new(&cursor).map_err(none)?, json })
            }
            RawFrame::Ready { cursor } => {
                let cursor = cursor.as_deref().map(RuntimeCursor::new).transpose().map_err(none)?;
                Some(Incoming::Ready { cursor })
            }
            RawFrame::Heartbeat(_) => Some(Incoming::Heartbeat),
            // of a runtime's own runtime there is none
            RawFrame::Link { .. } => None,
            // one with a close code is the last thing said
            RawFrame::Diagnostic(diagnostic) if diagnostic.code.info().close_code.is_some() => {
                return Err(self.failures.ended(*diagnostic));
            }
            RawFrame::Diagnostic(diagnostic) => {
                self.failures.discreet.diagnostic(*diagnostic).map(Incoming::Diagnostic)
            }
            RawFrame::Closed { code } => {
                self.identity.lost();
                return Err(self.closed(code));
            }
        })
    }

    /// A close that no diagnostic came before.
    fn closed(&self, code: Option<u16>) -> HandleError {
        let words = match code {
            Some(code) => format!("closed with {code}"),
            None => "closed without a word".to_owned(),
        };
        if code.is_some() && code == Code::CredentialExpired.info().close_code {
            return self.failures.auth(words);
        }
        self.failures.disconnected(Exchange::Stream, words)
    }
}
