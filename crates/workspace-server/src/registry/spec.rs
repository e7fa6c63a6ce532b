//! Which runtimes a workspace has.
//!
//! Owns what a runtime is given by, when two of them are the same, and the handle that is made of
//! one. Must not know where they are configured.

use crate::handle::{Embedded, Remote, RemoteSpec, RuntimeHandle};
use protocol::{Code, Retry, RuntimeId};
use std::fmt;
use std::sync::Arc;
use worker_runtime::Runtime;

/// One runtime of a workspace.
#[derive(Clone)]
pub enum RuntimeSpec {
    /// The runtime in this process. Another one with the same id is taken for the same.
    Embedded(Runtime),
    /// A runtime in a process of its own.
    Remote(Box<RemoteSpec>),
    /// A handle that somebody else made, such as a simulation.
    Handle(Arc<dyn RuntimeHandle>),
}

/// Why a list of runtimes is not usable.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpecError {
    /// Two have one id.
    #[error("there are two runtimes with the id `{0}`")]
    Duplicate(RuntimeId),
    /// One cannot be made. In words for the operator.
    #[error("runtime `{runtime_id}` is not usable: {source}")]
    Unusable {
        /// Which.
        runtime_id: RuntimeId,
        /// Why.
        source: yoi_client::Error,
    },
}

impl RuntimeSpec {
    /// Its identity.
    #[must_use]
    pub fn runtime_id(&self) -> RuntimeId {
        match self {
            RuntimeSpec::Embedded(runtime) => runtime.management().runtime_id().clone(),
            RuntimeSpec::Remote(spec) => spec.runtime_id.clone(),
            RuntimeSpec::Handle(handle) => handle.runtime_id().clone(),
        }
    }

    /// Whether a handle of one is as good as one of the other.
    pub(super) fn is_same(&self, other: &RuntimeSpec) -> bool {
        match (self, other) {
            (RuntimeSpec::Embedded(_), RuntimeSpec::Embedded(_)) => self.runtime_id() == other.runtime_id(),
            (RuntimeSpec::Remote(a), RuntimeSpec::Remote(b)) => a == b,
            (RuntimeSpec::Handle(a), RuntimeSpec::Handle(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    pub(super) fn handle(&self) -> Result<Arc<dyn RuntimeHandle>, SpecError> {
        Ok(match self {
            RuntimeSpec::Embedded(runtime) => Arc::new(Embedded::new(runtime.clone())),
            RuntimeSpec::Remote(spec) => {
                let unusable = |source| SpecError::Unusable { runtime_id: spec.runtime_id.clone(), source };
                Arc::new(Remote::new(spec).map_err(unusable)?)
            }
            RuntimeSpec::Handle(handle) => Arc::clone(handle),
        })
    }
}

impl fmt::Debug for RuntimeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            RuntimeSpec::Embedded(_) => "Embedded",
            RuntimeSpec::Remote(_) => "Remote",
            RuntimeSpec::Handle(_) => "Handle",
        };
        f.debug_tuple(kind).field(&self.runtime_id()).finish()
    }
}

impl SpecError {
    /// What went wrong, as programs know it.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::InvalidInput
    }

    /// Whether the same may succeed when it is tried again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.code().info().retry
    }
}
