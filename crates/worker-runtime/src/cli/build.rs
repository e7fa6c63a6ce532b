//! From settings to what is started with them.
//!
//! Owns reading the files that settings name, before anything is bound. Must not start anything.

use super::plugins::Plugins;
use super::settings::Settings;
use crate::RuntimeOptions;
use crate::server::{ServerOptions, Tls};
use crate::store::Store;
use crate::store::fs::FsStore;
use crate::store::memory::{MemoryOptions, MemoryStore};
use std::path::Path;
use std::sync::Arc;
use yoi_settings::Problems;

/// Why a runtime cannot be made ready to start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are wrong, as only opening what they name shows.
    #[error("{0}")]
    Settings(Problems),
    /// The runtime cannot start.
    #[error("the runtime cannot start: {0}")]
    Start(String),
    /// The store cannot be opened.
    #[error("{what} cannot be opened: {reason}")]
    Store {
        /// The store.
        what: String,
        /// Why.
        reason: String,
    },
}

/// The server's options.
pub(super) fn server(settings: &Settings) -> Result<ServerOptions, Problems> {
    let mut options = settings.server.clone();
    options.token.clone_from(&settings.token);
    let (Some(cert), Some(key)) = (&settings.tls_cert, &settings.tls_key) else { return Ok(options) };
    let read = |name: &str, path: &Path| {
        std::fs::read(path).map_err(|error| format!("`{name}` {} cannot be read: {error}", path.display()))
    };
    let (cert, key) = (read("tls.cert", cert)?, read("tls.key", key)?);
    let tls = Tls::from_pem(&cert, &key).map_err(|error| format!("`tls.cert` and `tls.key`: {error}"))?;
    options.tls = Some(tls);
    Ok(options)
}

/// What a runtime is started with: its recordings looked at, its store opened; and its plugins.
pub(super) async fn runtime(settings: Settings) -> Result<(RuntimeOptions, Plugins), OpenError> {
    check_recordings(&settings).await?;
    let Some(runtime_id) = settings.runtime_id.clone() else {
        return Err(OpenError::Settings("`runtime_id` is missing".to_owned().into()));
    };
    let plugins = Plugins::new(&settings);
    let store = open_store(&settings).await?;
    let profiles = settings.profiles.into_iter().map(|entry| entry.profile).collect();
    let mut options = RuntimeOptions {
        default_profile: settings.default_profile,
        limits: settings.limits,
        max_workers: settings.max_workers,
        ..RuntimeOptions::new(runtime_id, profiles, store)
    };
    plugins.prepare(&mut options);
    Ok((options, plugins))
}

async fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, OpenError> {
    let failed = |what: &str, reason: String| OpenError::Store { what: what.to_owned(), reason };
    let Some(root) = settings.store.clone() else {
        let store = MemoryStore::new(MemoryOptions::default());
        return Ok(Arc::new(store.map_err(|error| failed("the store", error.to_string()))?));
    };
    let what = format!("the store {}", root.display());
    let mut options = settings.fs.clone();
    options.root = root;
    let opened = tokio::task::spawn_blocking(move || FsStore::open(options)).await;
    let opened = opened.map_err(|error| failed(&what, error.to_string()))?;
    Ok(Arc::new(opened.map_err(|error| failed(&what, error.to_string()))?))
}

/// Opens each recording that a profile plays.
async fn check_recordings(settings: &Settings) -> Result<(), OpenError> {
    let mut problems = Problems::default();
    for entry in &settings.profiles {
        if let Some(replay) = &entry.replay
            && let Err(error) = replay.check().await
        {
            problems.add(format!("{}: profile `{}`: {error}", entry.place, entry.profile.name()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(OpenError::Settings(problems)) }
}
