//! What a connection that watches is given.
//!
//! Owns the forms of a subject that is there, that is still looked for, and that is refused. Must
//! not look for it.

use crate::attach::AttachRequest;
use crate::lens::Class;
use crate::stream::Stream;
use futures_util::stream::BoxStream;
use protocol::{Diagnostic, Envelope};
use std::sync::Arc;

/// A stream, and how it is to be followed.
#[derive(Clone)]
pub struct Attach {
    /// Which.
    pub stream: Arc<Stream>,
    /// How.
    pub request: AttachRequest,
    /// What its viewer sees of it.
    pub class: Class,
    /// Kept for as long as the viewer follows: whoever has to know that somebody does.
    pub guard: Option<Arc<dyn Send + Sync>>,
}

impl Attach {
    /// A viewer who sees everything, and whom nobody counts.
    #[must_use]
    pub fn new(stream: Arc<Stream>, request: AttachRequest) -> Attach {
        Attach { stream, request, class: None, guard: None }
    }
}

/// How looking for a stream goes.
pub enum Step {
    /// Not there yet: why.
    Tell(Diagnostic),
    /// There it is.
    Attach(Attach),
    /// It is not to be had.
    Refuse(Diagnostic),
}

/// What a connection is about.
pub enum Subject {
    /// Follows a stream.
    Stream(Attach),
    /// Follows a stream that is still being looked for. The last step is [`Step::Attach`] or
    /// [`Step::Refuse`]; the steps are dropped with the connection.
    Later {
        /// What stands around frames until then.
        envelope: Envelope,
        /// How it goes.
        steps: BoxStream<'static, Step>,
    },
    /// Is told why not, and closed.
    Refused {
        /// What stands around the frame.
        envelope: Envelope,
        /// Why not.
        diagnostic: Diagnostic,
    },
}
