//! The view of a runtime as a whole: what it is, how it is, and ending it.
//!
//! Owns what an operator is told. Must not name paths.

use super::Inner;
use super::shutdown::{ShutdownReport, shutdown};
use crate::error::ShutdownError;
use crate::store::FindingKind;
use protocol::api::{Counts, Profile, RuntimeInfo, StoreInfo};
use protocol::{Code, Diagnostic, RuntimeId, Status};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The most diagnostics told.
const DIAGNOSTICS: usize = 100;

/// A runtime as a whole. See [`crate::Runtime::management`].
#[derive(Clone)]
pub struct Management {
    pub(super) inner: Arc<Inner>,
}

impl Management {
    /// Its identity.
    #[must_use]
    pub fn runtime_id(&self) -> &RuntimeId {
        &self.inner.runtime_id
    }

    /// What it is and how it is.
    #[must_use]
    pub fn info(&self) -> RuntimeInfo {
        let inner = &self.inner;
        let profile = |profile: &crate::executor::SharedProfile| Profile {
            name: profile.name().to_owned(),
            executor: profile.executor().to_owned(),
            description: profile.description().map(str::to_owned),
        };
        let store = inner.store.status();
        let mut capabilities = inner.capabilities.clone();
        capabilities.push(format!("store.{}", store.kind));
        RuntimeInfo {
            runtime_id: inner.runtime_id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            status: if inner.is_closing() { "stopping" } else { "ready" }.to_owned(),
            capabilities,
            profiles: inner.open_profiles().map(profile).collect(),
            default_profile: inner.default_profile.clone(),
            counts: self.counts(),
            store: StoreInfo {
                kind: store.kind.to_owned(),
                durability: store.durability.map(str::to_owned),
                bytes: store.bytes,
                healthy: store.last_error.is_none(),
            },
            diagnostics: self.diagnostics(),
            started_at: inner.started_at,
            time: Some(inner.kit.clock.now()),
        }
    }

    /// How many of what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let workers = self.inner.registry.all();
        let runs = |status: &Status| matches!(status, Status::Running | Status::Waiting | Status::Stopping);
        let running = workers.iter().filter(|worker| runs(&worker.stream.state().1.status)).count();
        Counts {
            workers: workers.len() as u64,
            running: running as u64,
            watchers: self.inner.watchers.load(Ordering::Relaxed),
        }
    }

    /// Whether it takes work: not while shutting down.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.inner.is_closing()
    }

    /// Ends it: no more input is taken, runs are cancelled, executors released, everything is
    /// written and watchers are told; all within `deadline`. Says what was left then.
    ///
    /// # Errors
    /// When that was asked before.
    pub async fn shutdown(&self, deadline: Duration) -> Result<ShutdownReport, ShutdownError> {
        shutdown(&self.inner, deadline).await
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let status = self.inner.store.status();
        let failing = status.last_error.map(|error| Diagnostic::new(Code::StoreUnavailable, error));
        let found = status.findings.into_iter().map(|(worker, finding)| {
            let code = match finding.kind {
                FindingKind::TornTail => "store_torn_tail",
                FindingKind::Corrupt => "store_corrupt_record",
                FindingKind::Reconciled => "store_reconciled",
                FindingKind::Unreadable => "store_unreadable",
            };
            let whose = worker.map(|id| format!("worker {id}: ")).unwrap_or_default();
            Diagnostic::new(Code::from(code), format!("{whose}{}", finding.message))
        });
        failing.into_iter().chain(self.inner.diagnostics.iter().cloned()).chain(found).take(DIAGNOSTICS).collect()
    }
}
