//! Starting a runtime: options checked, store opened, workers brought to life.
//!
//! Owns those steps. A worker that cannot be read is left out and told, and stops no other.

use super::registry::Registry;
use super::{Inner, Profiles};
use crate::error::StartError;
use crate::executor::{SharedProfile, Takes};
use crate::ids::IdMaker;
use crate::options::RuntimeOptions;
use crate::worker::{Kit, Refusal, Worker, WorkerRecord};
use event_log::{CursorKey, Sealer};
use parking_lot::Mutex;
use protocol::{Code, Diagnostic};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use tokio::sync::oneshot;

pub(super) async fn start(options: RuntimeOptions) -> Result<Inner, StartError> {
    let profiles = profiles(&options)?;
    let started_at = options.clock.now();
    let stored = options.store.load().await.map_err(StartError::Store)?;
    let kit = Kit {
        clock: options.clock,
        profiles: Arc::new(profiles),
        tools: options.toolbox,
        sealer: Arc::new(Sealer::new(CursorKey::from(options.store.cursor_key()), Vec::new())),
        limits: options.limits,
    };
    let registry = Arc::new(Registry::default());
    let (mut diagnostics, mut opening) = (Vec::new(), Vec::new());
    for stored in stored {
        let id = stored.id;
        let record = match WorkerRecord::from_json(&stored.record) {
            Ok(record) if record.worker.worker_id == id => record,
            Ok(_) => {
                diagnostics.push(unreadable(&format!("worker {id} is left out: its record names another worker")));
                continue;
            }
            Err(e) => {
                diagnostics.push(unreadable(&format!("worker {id} is left out: its record is {e}")));
                continue;
            }
        };
        let (worker, opened) = Worker::spawn(&kit, record, stored);
        registry.insert(worker);
        opening.push((id, opened));
    }
    for (id, opened) in opening {
        if let Some(refusal) = wait(opened).await {
            tracing::error!(worker_id = %id, reason = ?refusal, "a worker could not go on");
        }
    }
    tracing::info!(runtime_id = %options.runtime_id, workers = registry.len(), "the runtime has started");
    Ok(Inner {
        runtime_id: options.runtime_id,
        default_profile: options.default_profile,
        max_workers: options.max_workers,
        capabilities: options.capabilities,
        store: options.store,
        kit,
        ids: Mutex::new(IdMaker::default()),
        registry,
        closing: AtomicBool::new(false),
        watchers: Arc::new(AtomicU64::new(0)),
        started_at,
        diagnostics,
    })
}

async fn wait(opened: oneshot::Receiver<Result<(), Refusal>>) -> Option<Refusal> {
    opened.await.unwrap_or(Err(Refusal::Lost)).err()
}

fn unreadable(message: &str) -> Diagnostic {
    tracing::error!("{message}");
    Diagnostic::new(Code::from("store_unreadable"), message)
}

fn profiles(options: &RuntimeOptions) -> Result<Profiles, StartError> {
    let mut profiles = Profiles::new();
    for profile in &options.profiles {
        let name = profile.name().to_owned();
        // the same form as a runtime's id
        if name.parse::<protocol::RuntimeId>().is_err() {
            return Err(StartError::ProfileName(name));
        }
        if profiles.insert(name.clone(), Arc::clone(profile)).is_some() {
            return Err(StartError::DuplicateProfile(name));
        }
    }
    if profiles.is_empty() {
        return Err(StartError::NoProfiles);
    }
    let takes_input = |profile: &SharedProfile| profile.takes() == Takes::Input;
    if !profiles.get(&options.default_profile).is_some_and(takes_input) {
        let known = profiles.into_iter().filter(|(_, profile)| takes_input(profile)).map(|(name, _)| name).collect();
        return Err(StartError::UnknownDefault { name: options.default_profile.clone(), known });
    }
    Ok(profiles)
}
