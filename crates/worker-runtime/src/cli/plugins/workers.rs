//! A runtime's workers, as plugins tell them things.
//!
//! Owns that a plugin tells workers and its own stream, and never the stream of another. Must not
//! send an input.

use super::PROFILE;
use crate::{ApiError, Created, Runtime, TellError};
use futures_util::future::BoxFuture;
use plugins::{NewStream, Told, Untold, Whose, Workers};
use protocol::api::CreateWorker;
use protocol::{Status, WorkerId};

/// The most characters of a stream's name.
const NAME: usize = 200;

/// The workers of a runtime.
pub(super) struct RuntimeWorkers(Runtime);

impl RuntimeWorkers {
    /// The workers of this one.
    pub fn new(runtime: Runtime) -> RuntimeWorkers {
        RuntimeWorkers(runtime)
    }

    /// Whether the worker is what is meant.
    fn check(&self, whose: Whose) -> Result<WorkerId, Untold> {
        let (id, is_plugin) = match whose {
            Whose::Plugin(id) => (id, true),
            Whose::Worker(id) => (id, false),
        };
        let detail = self.0.catalogue().get(id).map_err(|_| Untold::NoWorker)?;
        if (detail.worker.profile == PROFILE) == is_plugin { Ok(id) } else { Err(Untold::NoWorker) }
    }
}

impl Workers for RuntimeWorkers {
    fn tell(&self, whose: Whose, told: Told) -> BoxFuture<'_, Result<(), Untold>> {
        Box::pin(async move {
            let id = self.check(whose)?;
            let told = match told {
                Told::Notice { level, code, message } => crate::Told::Notice { level, code, message },
                Told::Extension { namespace, value } => crate::Told::Extension { namespace, value },
            };
            self.0.intake().tell(id, told).await.map_err(|error| match error {
                TellError::NotFound => Untold::NoWorker,
                TellError::Stopped => Untold::Stopped,
                TellError::TooLarge => Untold::TooLarge,
                TellError::GoingAway | TellError::Store(_) | TellError::Lost => Untold::Away(error.to_string()),
            })
        })
    }

    fn open(&self, stream: NewStream) -> BoxFuture<'_, Result<(), Untold>> {
        Box::pin(async move {
            let NewStream { worker_id, plugin, name } = stream;
            let name: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
            let request = CreateWorker {
                worker_id: Some(worker_id),
                profile: Some(PROFILE.to_owned()),
                display_name: Some(if name.trim().is_empty() { plugin.to_string() } else { name }),
                labels: [("plugin".to_owned(), plugin.to_string())].into(),
                ..CreateWorker::default()
            };
            let away = |error: &dyn ApiError| Untold::Away(error.to_string());
            match self.0.intake().open(request).await.map_err(|error| away(&error))? {
                Created::Existing(detail) if matches!(detail.status, Status::Stopped | Status::Failed) => {
                    // somebody stopped it; what is to be told is told all the same
                    self.0.catalogue().resume(worker_id).await.map(drop).map_err(|error| away(&error))
                }
                _ => Ok(()),
            }
        })
    }
}
