//! The view through which other parts of the program tell something in a worker's stream.
//!
//! Owns what may be told, and making workers that are only told. What is told is an event like any
//! other: written before it is published, and never an input. Must not start a run.

use super::{Created, Inner, create};
use crate::error::{CreateError, LookupError, TellError};
use crate::recorder::fits;
use crate::worker::Command;
use protocol::api::CreateWorker;
use protocol::{Level, WorkerId};
use serde_json::Value;
use std::sync::Arc;

/// Telling workers. See [`crate::Runtime::intake`].
#[derive(Clone)]
pub struct Intake {
    pub(super) inner: Arc<Inner>,
}

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// What a person should know. A code over 256 bytes and a message over 8 KiB are cut.
    Notice {
        /// How much it matters.
        level: Level,
        /// A word for programs.
        code: String,
        /// For people.
        message: String,
    },
    /// Anything else.
    Extension {
        /// Whose. At most 256 bytes.
        namespace: String,
        /// What. At most as much as an event holds.
        value: Value,
    },
}

impl Intake {
    /// Tells something: whoever watches the worker sees it, in its order with everything else. The
    /// executor does not, neither now nor later. When this returns, it is kept as any event is.
    ///
    /// # Errors
    /// When there is no such worker, it is stopped or failed, it is too large, or the store fails.
    pub async fn tell(&self, id: WorkerId, told: Told) -> Result<(), TellError> {
        if self.inner.is_closing() {
            return Err(TellError::GoingAway);
        }
        if let Told::Extension { namespace, value } = &told
            && !fits(namespace, value)
        {
            return Err(TellError::TooLarge);
        }
        let worker = self.inner.worker(id).map_err(|LookupError::NotFound| TellError::NotFound)?;
        worker.ask(|reply| Command::Tell { told, reply }).await?;
        Ok(())
    }

    /// Makes a worker that is only told things, of a profile that takes no input. One that is there
    /// with this id and profile is taken as it is, whatever it is called.
    ///
    /// # Errors
    /// When the profile takes input, another worker has the id, or the store fails.
    pub async fn open(&self, request: CreateWorker) -> Result<Created, CreateError> {
        create::open(&self.inner, request).await
    }
}
